"""The limits of one person in a server: new threads in a minute, and the pause of those who abuse the bot."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.conversation.abuse_score import FLOOD, HALF_LIFE_S
from bot.conversation.limits import Limited, Limits, Paused, TooManyThreads
from bot.store.connection import translated
from bot.store.key_lifetimes import ABUSE_S, THREADS_S
from bot.store.keys import Keys, padded
from bot.store.scripts import Scripts
from bot.store.scripts.limits import AddAbuse, Admit, LiftPause

HALF_LIFE_MS = round(HALF_LIFE_S * 1000)


class PersonLimits:
    """Counts over all instances; `home` is the server, in direct messages the channel. Times are Discord's."""

    def __init__(self, redis: Redis, keys: Keys, limits: Limits) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._keys = keys
        self.limits = limits

    async def admit(
        self, home: int, person: int, message: int, *, at_ms: int, opens_thread: bool
    ) -> Limited | None:
        """Say why a message is not answered now, None if it is admitted; each message counts once."""
        if not self.limits.refusals and not (opens_thread and self.limits.threads_per_minute):
            return None
        answer = await self._scripts.run(
            Admit(
                threads=self._keys.threads(home, person),
                abuse=self._keys.abuse(home, person),
                message=padded(message),
                at_ms=at_ms,
                opens_thread=opens_thread,
                most_threads=self.limits.threads_per_minute,
                threads_s=THREADS_S,
                weight=FLOOD,
                half_life_ms=HALF_LIFE_MS,
                most_abuse=self.limits.refusals,
                abuse_s=ABUSE_S,
            )
        )
        match answer[0]:
            case "PAUSED":
                return Paused(int(answer[1]), bool(answer[2]))
            case "THREADS":
                return TooManyThreads(int(answer[1]), bool(answer[2]))
            case _:
                return None

    async def add(self, home: int, person: int, event: str, weight: float, *, at_ms: int) -> Paused | None:
        """Add an event to a person's score, once; returns the pause that holds then, if one does."""
        if not self.limits.refusals:
            return None
        until_ms = await self._scripts.run(
            AddAbuse(
                abuse=self._keys.abuse(home, person),
                event=event,
                at_ms=at_ms,
                weight=weight,
                half_life_ms=HALF_LIFE_MS,
                most_abuse=self.limits.refusals,
                abuse_s=ABUSE_S,
            )
        )
        return Paused(int(until_ms)) if until_ms else None

    async def pause(self, home: int, person: int, *, at_ms: int) -> Paused | None:
        """Return the pause of a person, if there is one."""
        if not self.limits.refusals:
            return None
        with translated():
            found = await self._redis.hget(self._keys.abuse(home, person), "until")
        return Paused(int(str(found))) if found and int(str(found)) > at_ms else None

    async def lift(self, home: int, person: int, *, at_ms: int) -> bool:
        """End the pause of a person; False if there was none."""
        call = LiftPause(abuse=self._keys.abuse(home, person), at_ms=at_ms)
        return bool(await self._scripts.run(call))
