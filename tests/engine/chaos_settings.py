"""The settings of the bots in a run of chaos, and how long a run waits."""

from __future__ import annotations

PREFIX = "chaos"
KEY = "chaos-key"
SETTINGS = {
    "BOT_REDIS__PREFIX": PREFIX,
    "BOT_REDIS__TIMEOUT_S": "1",
    "BOT_TURNS__LEASE_S": "1.5",
    "BOT_TURNS__HEARTBEAT_S": "0.3",
    "BOT_TURNS__POLL_S": "0.2",
    # What is set aside after several tries is a rule of its own; here, every message is to be answered.
    "BOT_TURNS__TRIES": "1000",
    "BOT_RECOVERY__EVERY_S": "1",
    "BOT_CLAUDE__FIRST_TEXT_TIMEOUT_S": "2",
    "BOT_CLAUDE__STALL_TIMEOUT_S": "1",
    "BOT_SHUTDOWN__GRACE_S": "2",
    "BOT_TOOLS__ON": '["knock", "ring", "time_in", "permit", "set_reminder", "remember"]',
    # What is taken up by another instance is so after minutes otherwise; each is longer than the tries of one call.
    "POINTS_APPROVAL_S": "5",
    "POINTS_REMINDER_S": "20",
    "POINTS_BRANCH_S": "20",
    # A mention beyond this limit is not answered, and chance may have one of the few people open more threads in a
    # minute than the shipped limit allows; here, every message is to be answered. The other limits are as shipped.
    "BOT_LIMITS__THREADS_PER_MINUTE": "1000",
}

MIXED = {
    # Far more than a run uses, so that both releases reserve and settle on the same counters.
    "BOT_BUDGETS__BOT": '["1000 USD per month", "100000 messages per day"]',
    "BOT_BUDGETS__PERSON": '["1000 USD per day"]',
}
"""Where two releases are mixed, both also count what is used."""

QUICK = {
    "POINTS_CALL_S": "3",
    "POINTS_SETTLE_AFTER_S": "0.5",
    "POINTS_EDIT_EVERY_S": "0.4",
    "POINTS_WINDOW_S": "1.05",
}
"""A call is given up, and a turn in doubt settled, in a fraction of the usual time; no delay is longer."""

QUICK_PACE = 0.2
"""The windows of Discord's rate limits are a fifth of what they are, as are those that the bot keeps."""

QUICK_REST_S = 25.0

START_S = 60.0
"""Two bots start on a machine that other runs keep busy."""

WARM_S = 30.0

CALM_S = 3.2
"""Longer than any roll-back reaches: direct messages that the store has never heard of cannot be found again."""

REST_S = 75.0
"""Everything has to have come to rest by then: a turn in doubt is settled after 17 s, a lost connection to Discord
may take discord.py some more to be made again."""

AGAIN_S = 4.0
"""Rest that does not last is none."""

RESTART_S = 0.3
"""What a host waits before it starts a program anew that has left by itself."""
