"""The named prompts of each server: texts to set for a thread, a channel or the server."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.store.codec import text
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


_presets = TypeAdapter(Preset)


class Presets:
    """Reads and changes the presets of a server, in direct messages of the channel; none expires."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._keys = keys

    async def save(self, actor: Actor, name: str, prompt: str, at_ms: int) -> bool:
        """Store a preset in place of one of the same name; False if there are MOST_PRESETS others."""
        call = SavePreset(
            presets=self._keys.presets(actor.home),
            preset_name=name,
            preset=Content(_presets.dump_json(Preset(prompt, actor.person, at_ms)).decode()),
            most=MOST_PRESETS,
        )
        return bool(await self._scripts.run(call))

    async def get(self, home: int, name: str) -> Preset | None:
        """Return a preset, None if there is none of that name."""
        with translated():
            found = text(await self._redis.hget(self._keys.presets(home), name))
        return None if found is None else load_preset(found)

    async def all(self, home: int) -> dict[str, Preset]:
        """Return the presets by name, in the order of their names."""
        with translated():
            found = await self._redis.hgetall(self._keys.presets(home))
        read = {str(name): load_preset(str(preset)) for name, preset in found.items()}
        return {name: preset for name, preset in sorted(read.items()) if preset is not None}

    async def names(self, home: int) -> tuple[str, ...]:
        """Return the names alone, in order."""
        with translated():
            return tuple(sorted(map(str, await self._redis.hkeys(self._keys.presets(home)))))

    async def delete(self, home: int, name: str) -> bool:
        """Delete a preset; False if there is none of that name."""
        with translated():
            return bool(await self._redis.hdel(self._keys.presets(home), name))


def load_preset(stored: str) -> Preset | None:
    """Read a preset, None if another version wrote it."""
    try:
        return _presets.validate_json(stored)
    except ValidationError:
        return None
