"""Calls that keep the limits of what one person may have at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.store.keys import Key
from bot.store.scripts import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Admit(Call):
    """Admit a message of a person; `weight` is what one that would open a thread too many adds to the score."""

    script: ClassVar[str] = "admit"
    threads: Key
    abuse: Key
    message: str
    at_ms: int
    opens_thread: bool
    most_threads: int
    threads_s: int
    weight: float
    half_life_ms: int
    most_abuse: float
    abuse_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAbuse(Call):
    """Add to a person's score of abuse, once for each `event`."""

    script: ClassVar[str] = "add_abuse"
    abuse: Key
    event: str
    at_ms: int
    weight: float
    half_life_ms: int
    most_abuse: float
    abuse_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftPause(Call):
    """End the pause of a person."""

    script: ClassVar[str] = "lift_pause"
    abuse: Key
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareCalls(Call):
    """Renew the share of a process in the `total` of calls to Discord."""

    script: ClassVar[str] = "share_calls"
    shares: Key
    instance: str
    total: int
    held: int
    occupied: int
    wanted: int
    alive_ms: int
    idle_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePlace(Call):
    """Take one of a person's `most` places for turns that run, or wait for one."""

    script: ClassVar[str] = "take_place"
    places: Key
    conversation: int
    turn: str
    most: int
    place_s: int
    wait_s: int
