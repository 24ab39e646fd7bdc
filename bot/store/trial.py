"""A trial whether each server that takes writes lets a script write, read and delete the bot's keys."""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from redis.exceptions import AuthenticationError, RedisError

from bot.store.cluster_slots import slot_of
from bot.store.counted import CountedRedis
from bot.store.keys import Keys
from bot.store.serving import code_of

SCRIPT = """
redis.call('set', KEYS[1], ARGV[1], 'PX', 60000)
redis.call('hset', KEYS[2], 'f', ARGV[1])
redis.call('pexpire', KEYS[2], 60000)
local same = redis.call('get', KEYS[1]) == redis.call('hget', KEYS[2], 'f')
redis.call('del', KEYS[1], KEYS[2])
return same and 1 or 0
"""

DB, NO_LOGIN, NO_RIGHT = "DB", "WRONGPASS", "NOPERM"

WITHOUT_CODE = (
    (re.compile("DB index is out of range|SELECT is not allowed in cluster mode"), DB),
    (re.compile("ACL failure in script"), NO_RIGHT),
)
"""Redis gives these answers no code of their own."""

FAILURES = (RedisError, OSError, TimeoutError, RuntimeError)
"""What redis-py raises, as in `connection.translated`."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of one server: `address` is "" unless the server is one of a cluster."""

    address: str
    error: BaseException | None
    keeps: bool

    @property
    def code(self) -> str:
        """The code of the server's refusal; "" if the server did not answer, or refused nothing."""
        return "" if self.error is None else refusal_code(self.error)

    @property
    def has_passed(self) -> bool:
        """Whether the server does what the bot needs."""
        return self.error is None and self.keeps


async def try_out(redis: CountedRedis, keys: Keys) -> list[Trial]:
    """Try every server that takes writes: the one there is, or each primary of a cluster."""
    try:
        cluster = await redis.found_cluster()
        owners = () if cluster is None else await cluster.owners()
    except FAILURES as error:
        return [Trial("", error, keeps=False)]
    if cluster is None:
        return [await _try(redis, keys, "", 0)]
    largest = {each.primary: each for each in sorted(owners, key=lambda each: each.last - each.first)}
    return await asyncio.gather(
        *(
            _try(redis, keys, f"{host}:{port}", _number_within(keys, each.first, each.last))
            for (host, port), each in largest.items()
        )
    )


async def refusal(redis: CountedRedis, keys: Keys, *, within_s: float) -> str | None:
    """Return the code of a server that does not serve, "" if one does not answer; None if all take writes.

    A server that loads its data answers slowly, and the time may be over before all attempts have failed.
    """
    before = redis.failovers.refusals
    try:
        async with asyncio.timeout(within_s):
            trials = await try_out(redis, keys)
    except TimeoutError:
        return redis.failovers.code if redis.failovers.refusals != before else ""
    failed = [each for each in trials if not each.has_passed]
    return next((each.code for each in failed if each.code), "") if failed else None


def refusal_code(error: BaseException) -> str:
    """Return the code of a refusal, also of one without a code of its own, or met during the login."""
    for pattern, code in WITHOUT_CODE:
        if pattern.search(str(error)):
            return code
    # A refused login during connecting is the cause of the error that redis-py raises.
    if any(isinstance(each, AuthenticationError) for each in (error, error.__cause__)):
        return NO_LOGIN
    return code_of(error)


async def _try(redis: CountedRedis, keys: Keys, address: str, number: int) -> Trial:
    value = uuid.uuid4().hex
    one, other = keys.trial(number, f"{value}-1"), keys.trial(number, f"{value}-2")
    try:
        same = await redis.eval(SCRIPT, 2, one, other, value)
    except FAILURES as error:
        return Trial(address, error, keeps=False)
    return Trial(address, None, keeps=bool(same))


@lru_cache(maxsize=1000)
def _number_within(keys: Keys, first: int, last: int) -> int:
    """Return a number whose keys are in one of the slots from `first` to `last`."""
    return next(
        number for number in count() if first <= (slot_of(("GET", keys.trial(number, ""))) or 0) <= last
    )
