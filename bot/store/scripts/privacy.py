"""Calls that erase data: of a person, and of whole conversations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.store.keys import Key
from bot.store.scripts import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceField(Call):
    """Replace a field of a hash that is still as it was read; "" removes the field."""

    script: ClassVar[str] = "replace_field"
    value: Key
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewind(Call):
    """Have the window of a conversation begin earlier again, and replace the entry whose trim is undone."""

    script: ClassVar[str] = "rewind"
    pending: Key
    meta: Key
    history: Key
    window_start: int
    earlier: int
    index: int
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginForget(Call):
    """Begin to forget a person; `values` are alternating names and values of the job's fields."""

    script: ClassVar[str] = "begin_forget"
    job: Key
    left: Key
    ttl_s: int
    values: tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSearch(Call):
    """Note keys to look at for a person; `names`, which come with the last keys, end the search."""

    script: ClassVar[str] = "note_search"
    job: Key
    left: Key
    code: str
    names: str
    ttl_s: int
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteStep(Call):
    """Note a value of a step of the job to forget a person that is in a phase; a repeated step replaces no value."""

    script: ClassVar[str] = "note_step"
    job: Key
    code: str
    phase: str
    field: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndForget(Call):
    """End the job to forget a person, of which no key is left; `found` are the counts of the receipt."""

    script: ClassVar[str] = "end_forget"
    job: Key
    left: Key
    code: str
    found: str
    ttl_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseConversation(Call):
    """Erase a conversation; with `older_than` only one that is quiet since that id. `turns` are padded ids."""

    script: ClassVar[str] = "erase_conversation"
    lease: Key
    pending: Key
    history: Key
    meta: Key
    unreconciled: Key
    files: Key
    inline: Key
    steps: Key
    approvals: Key
    mark: Key
    records: str
    results: str
    older_than: str
    keeps_home: bool
    done_s: int
    turns: tuple[str, ...]
