"""The turns of one person that run at the same time, in all threads and instances."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.store.connection import translated
from bot.store.key_lifetimes import PLACE_S
from bot.store.keys import Keys, padded
from bot.store.scripts import Scripts
from bot.store.scripts.limits import TakePlace

WAIT_S = 30
"""A turn that waits asks again every few seconds; a wait that has ended otherwise keeps nobody waiting for longer."""


class PersonTurns:
    """Gives each person `most` places; 0: no limit."""

    def __init__(self, redis: Redis, keys: Keys, most: int) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._keys = keys
        self.most = most

    async def take(self, person: int, conversation: int, turn: int) -> tuple[bool, bool]:
        """Take a place for a turn. Returns whether the turn has one, and if not, whether it is the first to wait."""
        if not self.most:
            return True, False
        answer = await self._scripts.run(
            TakePlace(
                places=self._keys.places(person),
                conversation=conversation,
                turn=padded(turn),
                most=self.most,
                place_s=PLACE_S,
                wait_s=WAIT_S,
            )
        )
        return bool(answer[0]), not answer[0] and bool(answer[1])

    async def leave(self, person: int, conversation: int) -> None:
        """Give the place of a turn back."""
        if self.most:
            with translated():
                await self._redis.hdel(self._keys.places(person), str(conversation))
