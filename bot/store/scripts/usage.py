"""Calls that change usage without a turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.store.keys import Key
from bot.store.scripts import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAside(Call):
    """Record what a request of no turn has used; `used` is what it adds to the usage."""

    script: ClassVar[str] = "record_aside"
    mark: Key
    usage: Key
    mark_s: int
    usage_s: int
    used: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetUsage(Call):
    """Take the name off one row of the usage of a conversation's day."""

    script: ClassVar[str] = "forget_usage"
    usage: Key
    row: str
