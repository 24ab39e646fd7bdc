"""The facts that are remembered, by place; each field of a place's hash names the person who told the fact."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.conversation.memory import MOST_FACTS, MOST_OF_PERSON, Fact, MemoryPlace
from bot.store.connection import translated
from bot.store.content import Content
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.memory import Remember

_facts = TypeAdapter(Fact)


class Kept(IntEnum):
    """What became of a fact, as the script answers."""

    KEPT = 1
    PLACE_FULL = 0
    PERSON_FULL = -1


class Memories:
    """Keeps the facts of a place for `ttl_s` after the latest one was learnt or used there."""

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._ttl_s = ttl_s

    async def remember(self, place: MemoryPlace, fact: Fact) -> Kept:
        """Keep a fact; the same fact again changes nothing."""
        call = Remember(
            facts=self._keys.memory(place.home, place.within),
            fact_name=field_of(fact),
            fact=dump_fact(fact),
            person=fact.author.id,
            most=MOST_FACTS,
            most_of_person=MOST_OF_PERSON,
            ttl_s=self._ttl_s,
        )
        index = ("ZADD", self._keys.memories, fact.at_ms, _member(place))
        return Kept(int(await self._scripts.run(call, before=(index,))))

    async def of(self, places: Sequence[MemoryPlace]) -> tuple[Fact, ...]:
        """Return the facts of places, the oldest first, without those that another version wrote."""
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for place in places:
                pipe.hvals(self._keys.memory(place.home, place.within))
            found: list[list[Any]] = await pipe.execute()
        read = (fact for texts in found for text in texts if (fact := load_fact(str(text))) is not None)
        return tuple(sorted(read, key=lambda fact: (fact.at_ms, fact.id)))

    async def touch(self, places: Sequence[MemoryPlace], now_ms: int) -> None:
        """Note that the facts of places are used."""
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for place in places:
                pipe.expire(self._keys.memory(place.home, place.within), self._ttl_s)
                pipe.zadd(self._keys.memories, {_member(place): now_ms}, xx=True)
            await pipe.execute()

    async def forget(self, places: Sequence[MemoryPlace], fact: Fact) -> bool:
        """Forget a fact, in whichever of the places; False if there is none."""
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for place in places:
                pipe.hdel(self._keys.memory(place.home, place.within), field_of(fact))
            return any(await pipe.execute())

    async def quiet(self, *, before_ms: int) -> list[tuple[MemoryPlace, int]]:
        """Return the places where nothing was learnt or used since, each with when that was."""
        with translated():
            found: list[Any] = await self._redis.zrangebyscore(
                self._keys.memories, "-inf", f"({before_ms}", withscores=True
            )
        return [(_place(str(member)), int(used_ms)) for member, used_ms in found]

    async def erase(self, place: MemoryPlace) -> None:
        """Forget everything of a place."""
        with translated():
            await self._redis.delete(self._keys.memory(place.home, place.within))
            await self._redis.zrem(self._keys.memories, _member(place))

    async def erase_learnt_in(self, server: int, channel: int) -> None:
        """Forget what was learnt in a channel of a server, also while the channel was public."""
        public = MemoryPlace(server, None)
        for fact in await self.of((public,)):
            if fact.channel == channel:
                await self.forget((public,), fact)
        await self.erase(MemoryPlace(server, channel))


def field_of(fact: Fact) -> str:
    """Return the field of a fact: the person, and its id."""
    return f"{fact.author.id}:{fact.id}"


def load_fact(text: str) -> Fact | None:
    """Read a fact, None if another version wrote it, or no key decrypts it."""
    try:
        return _facts.validate_json(text)
    except ValidationError:
        return None


def dump_fact(fact: Fact) -> Content:
    """Write a fact."""
    return Content(_facts.dump_json(fact).decode())


def _member(place: MemoryPlace) -> str:
    return f"{place.home}:{place.within or 0}"


def _place(member: str) -> MemoryPlace:
    home, _, within = member.partition(":")
    return MemoryPlace(int(home), int(within) or None)
