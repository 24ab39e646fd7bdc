"""Calls that take, keep and release a conversation's lease."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.store.keys import Key
from bot.store.scripts import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTurn(Call):
    """Take the lease and open a turn; `records` and `results` are the prefixes of those keys."""

    script: ClassVar[str] = "claim"
    lease: Key
    pending: Key
    history: Key
    meta: Key
    unreconciled: Key
    owner: str
    lease_ms: int
    records: str
    results: str
    max_messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew(Call):
    """Extend the lease."""

    script: ClassVar[str] = "renew"
    lease: Key
    record: Key
    token: int
    lease_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Call):
    """Let the lease go."""

    script: ClassVar[str] = "release"
    lease: Key
    record: Key
    token: int
    blameless: bool
    pause_ms: int
