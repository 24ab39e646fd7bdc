"""The names of all keys in Redis; `contracts` says what each key holds, whose data that is, and how long it lives."""

from __future__ import annotations

import datetime as dt
from typing import NewType

Key = NewType("Key", str)
"""The name of a key in Redis."""

USAGE_PLACE = "place"
"""The field of a usage that holds the channel, and whether the conversation is a private thread."""

ID_DIGITS = 20
"""Ids are padded, so that they sort as text: a double cannot hold a snowflake."""


class Keys:
    """Names the keys under one prefix."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.work = self._key("work")
        self.known = self._key("known")
        self.since = self._key("since")
        self.archives_listed = self._key("looked")
        self.archives_listed_by_shard = self._key("looked:shards")
        self.wakeups = self._key("bell")
        self.models = self._key("models")
        self.call_shares = self._key("calls")
        self.inline_index = self._key("inline")
        self.sweeps = self._key("sweeps")
        self.reservations = self._budgets("open")
        self.budget_server = self._budgets("server")
        self.audit_posts = self._key("audits")
        self.forgotten = self._key("forgotten")
        self.approvals_due = self._key("approvals")
        self.pinned_tools = self._key("pins")
        self.reminders_due = self._key("reminders")
        self.forget_queue = self._key("forgetting")
        self.memories = self._key("memories")
        self.branch_queue = self._key("branching")
        self.events = self._key("events")
        self.schema = self._schema("version")
        self.migration_lease = self._schema("lease")
        self.migration_step = self._schema("step")
        self.migration_left = self._schema("left")

    def record_prefix(self, conversation: int) -> str:
        """Return what the keys of all records of a conversation begin with."""
        return self._of(conversation, "t:")

    def record(self, conversation: int, message: int) -> Key:
        """Return the record of a message, and of the turn that the message begins."""
        return Key(self.record_prefix(conversation) + padded(message))

    def pending(self, conversation: int) -> Key:
        """Return the messages that wait."""
        return self._of(conversation, "q")

    def history(self, conversation: int) -> Key:
        """Return the entries of the turns."""
        return self._of(conversation, "h")

    def files(self, conversation: int) -> Key:
        """Return the contents of attached files, and the quotes."""
        return self._of(conversation, "f")

    def tool_steps(self, conversation: int) -> Key:
        """Return the steps of the running turn's tools."""
        return self._of(conversation, "a")

    def approvals(self, conversation: int) -> Key:
        """Return the calls of tools that wait for a permission."""
        return self._of(conversation, "p")

    def reminders(self, conversation: int) -> Key:
        """Return the reminders that were set in a conversation."""
        return self._of(conversation, "m")

    def person_reminders(self, person: int) -> Key:
        """Return in which conversation each reminder of a person was set."""
        return self._of(person, "reminders")

    def uploads(self, conversation: int) -> Key:
        """Return the uploads at Anthropic."""
        return self._of(conversation, "u")

    def inline(self, conversation: int) -> Key:
        """Return the bytes of files that are sent inline."""
        return self._of(conversation, "b")

    def discarded(self, conversation: int) -> Key:
        """Return the ids of uploads to delete at Anthropic."""
        return self._of(conversation, "x")

    def recent(self, channel: int) -> Key:
        """Return the latest messages of a channel."""
        return self._of(channel, "n")

    def recent_text(self, channel: int, message: int) -> Key:
        """Return a message that was just accepted."""
        return self._of(channel, f"n:{message}")

    def decisions(self, channel: int) -> Key:
        """Return what was decided about messages of a channel that got no ordinary answer."""
        return self._of(channel, "d")

    def lease(self, conversation: int) -> Key:
        """Return the lease."""
        return self._of(conversation, "l")

    def result_prefix(self, conversation: int) -> str:
        """Return what the keys of all results of a conversation begin with."""
        return self._of(conversation, "r:")

    def result(self, conversation: int, turn: int) -> Key:
        """Return what the thread is to show for a turn."""
        return Key(self.result_prefix(conversation) + padded(turn))

    def high_water_mark(self, channel_id: int) -> Key:
        """Return how far a thread or a channel has been listed."""
        return self._of(channel_id, "hw")

    def reconcile(self, conversation: int) -> Key:
        """Return the turns to compare with Discord."""
        return self._of(conversation, "s")

    def meta(self, conversation: int) -> Key:
        """Return what is known of the conversation itself."""
        return self._of(conversation, "meta")

    def usage(self, conversation: int, day: dt.date) -> Key:
        """Return what was used in a conversation on a day."""
        return self._of(conversation, f"use:{day:%Y%m%d}")

    def aside(self, conversation: int, interaction: int) -> Key:
        """Return the mark that what a private answer has used is recorded."""
        return self._of(conversation, f"aside:{interaction}")

    def usage_index(self, home: int) -> Key:
        """Return the conversations and days with usage; `home` is the server, or the direct messages."""
        return self._of(home, "uses")

    def pulse(self, instance: str) -> Key:
        """Return the latest heartbeat of an instance."""
        return self._key(f"pulse:{instance}")

    def metrics(self, instance: str) -> Key:
        """Return the metrics of an instance."""
        return self._key(f"metrics:{instance}")

    def interaction(self, interaction: int) -> Key:
        """Return which instance answers an interaction."""
        return self._key(f"i:{interaction}")

    def retirement_notice(self, model: str, day: dt.date) -> Key:
        """Return which instance announces a model's end on a day."""
        return self._key(f"ending:{day.isoformat()}:{model}")

    def scope(self, home: int, target: int) -> Key:
        """Return the settings of a server, a channel or a thread; `home` is the server, or the direct messages."""
        return self._of(home, f"set:{target}")

    def audit(self, home: int) -> Key:
        """Return the administrative acts of a server."""
        return self._of(home, "audit")

    def audit_mark(self, home: int) -> Key:
        """Return up to which entry the audit log of a server has been posted."""
        return self._of(home, "audit:posted")

    def presets(self, home: int) -> Key:
        """Return the named prompts of a server."""
        return self._of(home, "presets")

    def memory(self, home: int, within: int | None) -> Key:
        """Return the facts of a private channel or thread, of direct messages, or of a server's public channels."""
        return self._of(home, f"memory:{within or 0}")

    def versions(self, home: int, target: int) -> Key:
        """Return the earlier prompts of a server, a channel or a thread."""
        return self._of(home, f"prompts:{target}")

    def threads(self, home: int, person: int) -> Key:
        """Return the threads that a person has opened in a server, and the messages that opened none."""
        return self._of(home, f"threads:{person}")

    def abuse(self, home: int, person: int) -> Key:
        """Return the score of abuse of a person in a server, and until when the person is paused."""
        return self._of(home, f"abuse:{person}")

    def places(self, person: int) -> Key:
        """Return the turns of a person that run, and those that wait for that."""
        return self._of(person, "places")

    def legacy_scope(self, target: int) -> Key:
        """Return the settings of a channel or a server that the version before wrote."""
        return self._key(f"scope:{target}")

    def budget(self, counter: str) -> Key:
        """Return what of a limit is used up in one window."""
        return self._budgets(f"c:{counter}")

    def reservation(self, conversation: int, turn: int) -> Key:
        """Return the reservations of a turn."""
        return self._budgets(f"r:{conversation}-{turn}")

    def budget_calls(self, instance: str) -> Key:
        """Return the number of an instance's calls to the budgets."""
        return self._budgets(f"n:{instance}")

    def forget_job(self, person: int) -> Key:
        """Return how far a person is forgotten, and the receipt."""
        return self._of(person, "forget")

    def forget_left(self, person: int) -> Key:
        """Return the keys that are still to be looked at for a person."""
        return self._of(person, "forget:left")

    def consent(self, person: int) -> Key:
        """Return when a person has agreed."""
        return self._of(person, "consent")

    def consent_asked(self, person: int) -> Key:
        """Return where a person was asked."""
        return self._of(person, "consent:asked")

    def consent_waits(self, person: int) -> Key:
        """Return the messages that wait for a person's consent."""
        return self._of(person, "consent:waits")

    def branches(self, person: int) -> Key:
        """Return the branches that a person has asked for lately."""
        return self._of(person, "branches")

    def shared(self, file_id: str) -> Key:
        """Return the conversations that hold the same upload."""
        return self._key(f"shared:{file_id}")

    def identify_turn(self, rate_limit_key: int) -> Key:
        """Return which instance has a shard identify."""
        return self._key(f"identify:{rate_limit_key}")

    def trial(self, number: int, name: str) -> Key:
        """Return a key that the trial of a server writes; those of a number share a slot."""
        return self._key(f"{{trial-{number}}}:{name}")

    def commands(self, application: int) -> Key:
        """Return the fingerprint of what is registered at Discord."""
        return self._key(f"commands:{application}")

    def registration(self, application: int) -> Key:
        """Return which instance has compared the commands with those at Discord lately."""
        return self._key(f"commands:{application}:compared")

    def _key(self, name: str) -> Key:
        return Key(f"{self.prefix}:{name}")

    def _schema(self, name: str) -> Key:
        """Name a key of the schema's version, which share a slot."""
        return self._key(f"{{schema}}:{name}")

    def _budgets(self, name: str) -> Key:
        """Name a key of the budgets, which share a slot: one script reserves on all counters that apply."""
        return self._key(f"{{budgets}}:{name}")

    def _of(self, conversation: int, name: str) -> Key:
        return Key(f"{self.prefix}:{{{conversation}}}:{name}")


def padded(snowflake: int) -> str:
    """Write an id so that text order is time order."""
    return str(snowflake).zfill(ID_DIGITS)
