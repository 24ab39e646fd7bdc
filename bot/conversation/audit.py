"""The audit log: administrative acts, without anything that people said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.conversation.scope import Scope

AUDIT_CHANNEL = "audit.channel"
"""The setting of a server that names the channel to which entries are posted."""


class Act(StrEnum):
    """The acts that change no setting, as the log names them; the comments say what the values are."""

    RESET = "reset"  # before: the number of turns
    LEAVE = "leave"
    HANDED_OVER = "handed_over"  # before and after: the starter
    PAUSE_LIFTED = "pause.lifted"  # before: the person
    FILE_TAKEN_OUT = "file.taken_out"  # before: the kind of the file
    PINS_APPLIED = "pins.applied"
    SUMMARY_CORRECTED = "summary.corrected"  # before and after: the lengths in characters
    REPLY_STOPPED = "reply.stopped"
    REPLY_REGENERATED = "reply.regenerated"
    REPLY_CONTINUED = "reply.continued"
    TOOL_ALLOWED = "tool.allowed"  # after: the name of the tool
    TOOL_REFUSED = "tool.refused"  # after: the name of the tool
    REMINDER_CANCELLED = "reminder.cancelled"  # before: the person
    PRESET_SAVED = "preset.saved"  # before and after: the lengths in characters; before 0: there was none
    FACT_FORGOTTEN = "memory.forgotten"  # before: the person who had it remembered
    PRESET_DELETED = "preset.deleted"  # before: the length in characters


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in which interaction, and in which log that is noted.

    `home` is the server's id, in direct messages the channel's.
    """

    home: int
    person: int
    interaction: int


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act: when (ms), who, where, what, and the values before and after.

    `what` is the name of a setting, or of another act such as `reset`. A value is empty where there is none; the
    value of a withheld setting is its length in characters.
    """

    id: str
    at_ms: int
    person: int
    scope: Scope
    target: int
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries of a log are shown; `what` admits the acts of that name, and those whose names begin with it."""

    person: int | None = None
    what: str = ""
    scope: Scope | None = None
    target: int | None = None

    def admits(self, entry: AuditEntry) -> bool:
        """Whether an entry is shown."""
        named = (
            not self.what
            or entry.what == self.what
            or entry.what.startswith((f"{self.what}.", f"{self.what}:"))
        )
        return (
            named
            and self.person in (None, entry.person)
            and self.scope in (None, entry.scope)
            and self.target in (None, entry.target)
        )


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries of a log, the latest first; `more` is the id before which to read on, None at the end of the log."""

    entries: tuple[AuditEntry, ...]
    more: str | None = None
