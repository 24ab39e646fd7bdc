"""Calls that need no lease: what people request of a turn, and changes of their messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.store.keys import Key
from bot.store.scripts import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadStatus(Call):
    """Read the running turn and the last one."""

    script: ClassVar[str] = "status"
    pending: Key
    meta: Key
    records: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Call):
    """Request that a turn ends with what is written; `turn` is None for whichever turn is running."""

    script: ClassVar[str] = "stop"
    pending: Key
    lease: Key
    records: str
    turn: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Regenerate(Call):
    """Have the last turn answered again, or its reply continued, for a `request` that counts once."""

    script: ClassVar[str] = "regenerate"
    record: Key
    pending: Key
    meta: Key
    unreconciled: Key
    turn: str
    records: str
    ttl_s: int
    request: str
    payer: str = ""
    continues: bool = False
    withdraws: bool = False
    edited: str = ""
    payload: str = ""
    edited_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Call):
    """Have a turn that is answered again after an `edit` wait for a pause."""

    script: ClassVar[str] = "hold"
    record: Key
    edit: str
    first_ms: int
    longest_ms: int
    reset_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Revise(Call):
    """Store that a message was edited, or deleted if `payload` is empty; one that `amends` leaves turns alone."""

    script: ClassVar[str] = "revise"
    lease: Key
    pending: Key
    meta: Key
    records: str
    message: str
    payload: str
    edited_ms: int
    done_s: int
    amends: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Call):
    """Have a halted last reply reconciled."""

    script: ClassVar[str] = "resume"
    meta: Key
    unreconciled: Key
    records: str
    done_s: int
