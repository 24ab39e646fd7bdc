"""The audit log: administrative acts, without anything that people said."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversation.scope import Scope


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
