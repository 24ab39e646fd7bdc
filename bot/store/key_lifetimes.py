"""How long keys live, each lifetime with its reason."""

from __future__ import annotations

DONE_RECORD_S = 7 * 24 * 3600
"""How long an answered message is known by its id: far longer than any listing or repeated event reaches back.
Records of the last turn live as long as the conversation, because the turn may be answered again."""

TOMBSTONE_S = 600
"""How long a message is known that was deleted before it was received: much longer than any instance takes to receive
a message from an event or a listing once the store is reachable."""

INTERACTION_S = 15 * 60
"""An interaction's token is valid for 15 minutes (Discord, interactions); after that nobody can answer it."""

REGISTRATION_S = 60
"""Commands that an instance compares with those at Discord are not compared again by any instance for so long."""

MODEL_IN_USE_S = 7 * 24 * 3600
"""A model that was neither chosen nor used for so long is not in use; if somebody uses it, it is noted again."""

RETIREMENT_NOTICE_S = 2 * 24 * 3600
"""Longer than the day of an announcement, in any time zone."""

FILES_S = 24 * 3600
"""How long the contents of files and the quotes are kept for further attempts and regenerations; after that they are
read again."""

TOOL_STEPS_S = 24 * 3600
"""How long the steps of a turn's tools are kept if the turn does not end; its end deletes them."""

APPROVALS_S = 3 * 24 * 3600
"""How long it is known what became of a call that waited for a permission."""

UPLOADS_S = 91 * 24 * 3600
"""Longer than an upload lives at Anthropic, which is 90 days at most (Anthropic, "Files API")."""

RECENT_S = 24 * 3600
"""How long after a gap a listing may bring the proxied message whose original was accepted before the gap."""

RECENT_TEXT_S = 60
"""A proxied message and its original look for each other for some seconds; then the records must suffice."""

RESULT_S = 3600
"""How long a finished reply can be compared with what Discord shows: longer than any call can hang."""

PULSE_S = 3600
"""An instance that was silent for so long lists every channel anyway."""

MIGRATION_STEP_S = 120
"""How long a migration that was stopped is gone on with: longer than a restart takes. After that an older release may
have written, so that the keys to change are looked for anew."""

THREADS_S = 24 * 3600
"""A listing may bring messages from as long ago; each counts with those of its own minute."""

ABUSE_S = 24 * 3600
"""By then a score has halved 48 times."""

CALL_SHARE_S = 4.0
"""How long a process keeps its share in the calls to Discord without renewing it: by then its calls have ended."""

IDLE_CALL_SHARE_S = 20.0
"""The same of a process that makes no calls, and so keeps one call only."""

PLACE_S = 60
"""How long a place is held that is not renewed, as after a rollback of the store that has forgotten its return."""

RESERVATION_S = 15 * 60
"""How long a reservation holds without a settlement. Nearly all replies are done by then; the cost of a longer one
counts all the same when it is done."""

RESERVATION_RECORD_S = 2 * 3600
"""How long a settled reservation is known, so that a repeated settlement counts once.

An open one is known for as long as its counters."""

BUDGET_GRACE_S = 3600
"""How long a counter outlives its window: a request that began within the window counts there."""

EVENTS_S = 3600
"""How long events of the log and metrics are kept for a support bundle."""

RECEIPT_S = 30 * 24 * 3600
"""How long a person can verify that they were forgotten."""

USAGE_S = 400 * 24 * 3600
"""How long usage is kept if nothing else is set: a year and a month, so that a month can be compared."""

BRANCH_S = 24 * 3600
"""How long a branch is known as asked for: longer than any instance takes to make it after a crash."""

ASIDE_S = 3600
"""How long it is known that the usage of a private answer is recorded: far longer than the call is repeated."""

ASKED_S = 30 * 24 * 3600
"""A person who has not agreed is asked again with a message after so long."""

WAITS_S = 3600
"""A message that waits for the consent of its author is answered if they agree within so long."""
