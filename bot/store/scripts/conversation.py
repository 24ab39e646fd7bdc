"""Calls that change a conversation: its inbox, its history, what is pinned and summarized."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.store.keys import Key
from bot.store.scripts import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive(Call):
    """Take a message into the inbox; `channel_fields` are alternating names and values, those of the channel."""

    script: ClassVar[str] = "receive"
    record: Key
    pending: Key
    meta: Key
    message: str
    when_ms: int
    payload: str
    source: str
    author: int
    ttl_s: int
    channel_fields: tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(Call):
    """Leave a thread until the next mention; `at` is the id of the interaction."""

    script: ClassVar[str] = "leave"
    meta: Key
    at: str
    ttl_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver(Call):
    """Make a person the starter of a conversation; `at` is the padded id of the interaction."""

    script: ClassVar[str] = "hand_over"
    meta: Key
    person: int
    at: str
    ttl_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(Call):
    """Forget the history and every message that waits; `turns` are padded ids."""

    script: ClassVar[str] = "reset"
    lease: Key
    pending: Key
    history: Key
    meta: Key
    unreconciled: Key
    files: Key
    inline: Key
    steps: Key
    records: str
    results: str
    before: str
    ttl_s: int
    done_s: int
    turns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amend(Call):
    """Replace an entry of the history that is still as it was read."""

    script: ClassVar[str] = "amend"
    history: Key
    index: int
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin(Call):
    """Store the pins, and the indexes of their turns in a history that is still `length` entries long."""

    script: ClassVar[str] = "pin"
    history: Key
    meta: Key
    length: int
    pins: str
    indexes: str
    ttl_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct(Call):
    """Replace a summary that is still the one that was read: by the `newest` entry, and the correction `before`."""

    script: ClassVar[str] = "correct"
    history: Key
    meta: Key
    newest: str
    before: str
    after: str
    ttl_s: int
