"""The named prompts of each server: texts to set for a thread, a channel or the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.store.connection import translated
from bot.store.content import Content
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.settings import SavePreset

MOST_PRESETS = 25
"""As many as an autocompletion can offer (Discord, "Autocomplete")."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A prompt, the id of the person who saved it, and when (ms)."""

    text: str
    by: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class StoredPreset:
    """A preset as it is stored; the version before stored the name as the field, and not here."""

    text: str
    by: int
    at_ms: int
    name: str = ""


_presets = TypeAdapter(StoredPreset)


class Presets:
    """Reads and changes the presets of a server, in direct messages of the channel; none expires.

    The names are stored beside the texts, because people have written both: fields of hashes are not encrypted.
    """

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._keys = keys

    async def save(self, actor: Actor, name: str, prompt: str, at_ms: int) -> bool:
        """Store a preset in place of those of the same name; False if there are MOST_PRESETS others."""
        replaced = [field for field, each in (await self._stored(actor.home)).items() if each.name == name]
        preset = StoredPreset(prompt, actor.person, at_ms, name)
        call = SavePreset(
            presets=self._keys.presets(actor.home),
            id=str(actor.interaction),
            preset=Content(_presets.dump_json(preset).decode()),
            most=MOST_PRESETS,
            replaced=tuple(replaced),
        )
        return bool(await self._scripts.run(call))

    async def get(self, home: int, name: str) -> Preset | None:
        """Return a preset, None if there is none of that name."""
        return (await self.all(home)).get(name)

    async def all(self, home: int) -> dict[str, Preset]:
        """Return the presets by name, in the order of their names."""
        stored = sorted((await self._stored(home)).values(), key=lambda each: (each.name, each.at_ms))
        return {each.name: Preset(each.text, each.by, each.at_ms) for each in stored}

    async def names(self, home: int) -> tuple[str, ...]:
        """Return the names alone, in order."""
        return tuple(await self.all(home))

    async def delete(self, home: int, name: str) -> bool:
        """Delete a preset; False if there is none of that name."""
        fields = [field for field, each in (await self._stored(home)).items() if each.name == name]
        if not fields:
            return False
        with translated():
            return bool(await self._redis.hdel(self._keys.presets(home), *fields))

    async def _stored(self, home: int) -> dict[str, StoredPreset]:
        with translated():
            found = await self._redis.hgetall(self._keys.presets(home))
        return read_presets({str(field): str(stored) for field, stored in found.items()})


def read_presets(fields: Mapping[str, str]) -> dict[str, StoredPreset]:
    """Read presets by their fields, without those that another version wrote or no key decrypts."""
    found = {}
    for field, stored in fields.items():
        try:
            preset = _presets.validate_json(stored)
        except ValidationError:
            continue
        found[field] = preset if preset.name else replace(preset, name=field)
    return found
