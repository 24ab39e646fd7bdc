"""Calls that reserve and settle what requests to Claude may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.store.keys import Key
from bot.store.scripts import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve(Call):
    """Reserve the most that a request may use.

    `id` is the token of the turn's lease, the number of the request and that of the answer's regeneration. `seen` is
    the highest number of this instance's `calls` that was answered. After a rollback reservations wait `restore_ms`.
    `limits` are sixes: a counter, its most, the amount, the counter's time to live, when the limit renews, and
    whether it counts an answer once.
    """

    script: ClassVar[str] = "reserve"
    calls: Key
    open: Key
    record: Key
    server: Key
    seen: int
    restore_ms: int
    id: str
    turn: str
    person: int
    forced: bool
    lease_ms: int
    record_s: int
    limits: tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle(Call):
    """Replace a reservation by what its request has used; with `counted` the answer counts as a message.

    `used` are triples: a counter, the amount, the counter's time to live.
    """

    script: ClassVar[str] = "settle"
    calls: Key
    open: Key
    record: Key
    server: Key
    seen: int
    restore_ms: int
    instance: str
    id: str
    counted: bool
    record_s: int
    used: tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(Call):
    """Raise counters to what was seen of them; `noticed` by this instance itself.

    `floors` are fours: a counter, an instance, the part that it has settled, the counter's time to live.
    """

    script: ClassVar[str] = "restore"
    calls: Key
    server: Key
    seen: int
    noticed: bool
    floors: tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TellPerson(Call):
    """Note that a person was told of a full limit."""

    script: ClassVar[str] = "tell_person"
    counter: Key
    person: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TellShare(Call):
    """Note the share of a limit of which the admins were told."""

    script: ClassVar[str] = "tell_share"
    counter: Key
    share: int
