"""How much of a person was found, and forgotten; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Found:
    """How much of a person was found, by kind; also the counts of a receipt.

    `unreadable` are entries that may hold something of the person, and that another version wrote: these stay.
    """

    messages: int = 0
    files: int = 0
    quotes: int = 0
    mentions: int = 0
    replies: int = 0
    summaries: int = 0
    prompts: int = 0
    usage: int = 0
    tool_calls: int = 0
    facts: int = 0
    reminders: int = 0
    unreadable: int = 0

    def __add__(self, other: Found) -> Found:
        return Found(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Found)))

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(Found))


NOTHING = Found()


def total(found: Iterable[Found]) -> Found:
    """Return the sum."""
    return sum(found, NOTHING)
