"""The agreement between the instances of one bot: which instance answers or announces, which models are in use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from redis.asyncio import Redis

from bot.store.codec import text
from bot.store.connection import translated
from bot.store.key_lifetimes import INTERACTION_S, MODEL_IN_USE_S, REGISTRATION_S, RETIREMENT_NOTICE_S
from bot.store.keys import Key, Keys
from bot.store.scripts import Scripts
from bot.store.scripts.value import CompareAndSet


class Coordination:
    """The shared state of all instances; `instance` is this instance's name."""

    def __init__(self, redis: Redis, keys: Keys, *, instance: str) -> None:
        self._redis = redis
        self._keys = keys
        self._instance = instance
        self._scripts = Scripts(redis)

    async def take(self, interaction: int) -> bool:
        """Say whether this instance is the one to answer an interaction."""
        return await self._once(self._keys.interaction(interaction), INTERACTION_S)

    async def registered_commands(self, application: int) -> str | None:
        """Return the fingerprint of the commands that were last registered."""
        with translated():
            return text(await self._redis.get(self._keys.commands(application)))

    async def note_registered_commands(self, application: int, fingerprint: str) -> None:
        """Store the fingerprint of the commands that are registered now."""
        with translated():
            await self._redis.set(self._keys.commands(application), fingerprint)

    async def take_registration(self, application: int) -> bool:
        """Take the turn to compare the commands with those at Discord; False for a minute after another turn."""
        key = self._keys.registration(application)
        with translated():
            return bool(await self._redis.set(key, self._instance, nx=True, ex=REGISTRATION_S))

    async def note_models(self, models: Iterable[str], now_s: int) -> None:
        """Store that models are in use now."""
        times = dict.fromkeys(models, now_s)
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            if times:
                pipe.zadd(self._keys.models, times)
            pipe.zremrangebyscore(self._keys.models, "-inf", now_s - MODEL_IN_USE_S)
            pipe.expire(self._keys.models, MODEL_IN_USE_S)
            await pipe.execute()

    async def models_in_use(self, now_s: int) -> frozenset[str]:
        """Return the models that any instance has had in use within MODEL_IN_USE_S."""
        with translated():
            found: list[Any] = await self._redis.zrangebyscore(
                self._keys.models, now_s - MODEL_IN_USE_S, "+inf"
            )
        return frozenset(str(model) for model in found)

    async def first_to_announce(self, model: str, day: dt.date) -> bool:
        """Say whether this instance is the one to announce on a day that a model will end."""
        return await self._once(self._keys.retirement_notice(model, day), RETIREMENT_NOTICE_S)

    async def take_identify_turn(self, rate_limit_key: int, for_ms: int) -> float:
        """Take the turn to identify at Discord; returns for how many seconds it is taken, 0 if it was free."""
        key = self._keys.identify_turn(rate_limit_key)
        with translated():
            if await self._redis.set(key, self._instance, nx=True, px=for_ms):
                return 0.0
            return max(1, int(await self._redis.pttl(key))) / 1000

    async def ping(self) -> None:
        """Raise StoreUnavailable unless Redis answers."""
        with translated():
            await self._redis.ping()

    async def _once(self, key: Key, ttl_s: int) -> bool:
        """Take a task that exactly one instance is to do; True also if this instance asks again."""
        call = CompareAndSet(step="once", value=key, before="", after=self._instance, ttl_s=ttl_s)
        return bool(await self._scripts.run(call))
