"""What the instances of one bot agree on besides conversations: who answers an interaction, which commands stand."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.store.codec import text
from bot.store.connection import translated
from bot.store.keys import INTERACTION_S, Keys
from bot.store.scripts import Scripts


class Desk:
    """The shared notes of all instances; `instance` is this one's name."""

    def __init__(self, redis: Redis, keys: Keys, *, instance: str) -> None:
        self._redis = redis
        self._keys = keys
        self._instance = instance
        self._scripts = Scripts(redis)

    async def take(self, interaction: int) -> bool:
        """Say whether this instance is the one to answer an interaction."""
        with translated():
            mine = await self._scripts.run(
                "once", [self._keys.interaction(interaction)], [self._instance, INTERACTION_S]
            )
        return bool(mine)

    async def registered_commands(self, application: int) -> str | None:
        """Return the fingerprint of the commands that were last registered."""
        with translated():
            return text(await self._redis.get(self._keys.commands(application)))

    async def note_registered_commands(self, application: int, fingerprint: str) -> None:
        """Remember the fingerprint of the commands that are registered now."""
        with translated():
            await self._redis.set(self._keys.commands(application), fingerprint)

    async def ping(self) -> None:
        """Raise StoreUnavailable unless Redis answers."""
        with translated():
            await self._redis.ping()
