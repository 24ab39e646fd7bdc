"""Calls that change the settings of a scope or the presets of a server, and note administrative acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.store.keys import Key
from bot.store.scripts import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSettings(Call):
    """Set and remove settings of a scope, and note each change in the audit log.

    `changes` are triples: a name, the value ("" removes the setting), and "1" if the value is withheld from the log.
    The withheld texts are kept in `versions`, the latest `most_versions` of them. The settings of a thread expire
    after `ttl_s`; 0: never. Nothing is changed if a new name that begins with `family` ("": no limit) would make more
    than `most` such names.
    """

    script: ClassVar[str] = "change_settings"
    settings: Key
    audit: Key
    versions: Key
    scope: str
    target: int
    person: int
    interaction: int
    ttl_s: int
    audit_s: int
    most_versions: int
    family: str
    most: int
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAct(Call):
    """Note an administrative act in the audit log."""

    script: ClassVar[str] = "note_act"
    audit: Key
    scope: str
    target: int
    person: int
    interaction: int
    audit_s: int
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavePreset(Call):
    """Store a named prompt, unless there are `most` others; `replaced` are the fields of those of the same name."""

    script: ClassVar[str] = "save_preset"
    presets: Key
    id: str
    preset: str
    most: int
    replaced: tuple[str, ...]
