"""Checks that the server does what the bot needs, before the bot says that it is ready."""

from __future__ import annotations

import re
import uuid

from redis.asyncio.sentinel import MasterNotFoundError
from redis.exceptions import AuthenticationError, RedisError

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.retry import Schedule, retry
from bot.store.counted import CountedRedis
from bot.store.keys import Keys
from bot.store.serving import code_of

CHECK = Schedule(0.2, within_s=3.0)
"""A host may start the bot and its Redis at the same time, and Redis loads its data before it answers."""

SCRIPT = """
redis.call('set', KEYS[1], ARGV[1], 'PX', 60000)
redis.call('hset', KEYS[2], 'f', ARGV[1])
redis.call('pexpire', KEYS[2], 60000)
local same = redis.call('get', KEYS[1]) == redis.call('hget', KEYS[2], 'f')
redis.call('del', KEYS[1], KEYS[2])
return same and 1 or 0
"""

NOT_ASKED = (
    "this Redis is one of a cluster, and the user of REDIS_URL may not ask for its slots: allow it "
    "(ACL SETUSER <user> +cluster|slots)",
    Exit.REDIS_PASSWORD,
)
REFUSALS = {
    "MOVED": NOT_ASKED,
    "ASK": NOT_ASKED,
    "CROSSSLOT": NOT_ASKED,
    "CLUSTERDOWN": (
        "this Redis cluster is down: some of its slots have no server (see CLUSTER INFO)",
        Exit.REDIS_UNREACHABLE,
    ),
    "DB": (
        "this Redis has no database of the number in REDIS_URL: mostly there are 0 to 15, and 0 alone in a cluster",
        Exit.SETTINGS,
    ),
    "READONLY": (
        "this Redis is a read-only replica: set REDIS_URL to the server that takes writes",
        Exit.REDIS_UNFIT,
    ),
    "MASTERDOWN": (
        "this Redis is a replica that has lost its master: set REDIS_URL to the server that takes writes",
        Exit.REDIS_UNFIT,
    ),
    "NOREPLICAS": (
        "this Redis takes no writes while it has too few replicas: see its min-replicas-to-write",
        Exit.REDIS_UNFIT,
    ),
    "OOM": (
        "the memory of this Redis is full: raise its maxmemory, or remove what else is in it",
        Exit.REDIS_UNFIT,
    ),
    "MISCONF": (
        "this Redis cannot write to its disk and refuses writes: see its log, and whether the disk is full",
        Exit.REDIS_UNFIT,
    ),
    "LOADING": ("Redis is still loading its data: start Bobbin again when it has", Exit.REDIS_UNREACHABLE),
}
LOGINS = ("NOAUTH", "WRONGPASS")

NO_DATABASE = re.compile("DB index is out of range|SELECT is not allowed in cluster mode")
"""Redis answers these without a code of their own."""


async def check(redis: CountedRedis, keys: Keys) -> None:
    """Raise StartError, with one readable line, unless the server lets a script write, read and delete our keys."""
    await retry(
        lambda: _try(redis, keys),
        CHECK,
        on=StartError,
        when=lambda error: error.exit_code != Exit.REDIS_PASSWORD,
    )


async def _try(redis: CountedRedis, keys: Keys) -> None:
    value = uuid.uuid4().hex
    try:
        same = await redis.eval(
            SCRIPT, 2, keys.start_check(f"{value}:1"), keys.start_check(f"{value}:2"), value
        )
        if redis.replicas is not None:
            await redis.wait(0, 1)  # whether the user may
    except (RedisError, OSError, TimeoutError) as error:
        raise _refusal(error, keys) from error
    if not same:
        raise StartError("Redis does not keep what is written to it", exit_code=Exit.REDIS_UNFIT)


def _refusal(error: Exception, keys: Keys) -> StartError:
    if (unknown := _unknown_primary(error)) is not None:
        return unknown
    code = "DB" if NO_DATABASE.search(str(error)) else code_of(error)
    # A refused login during connecting is the cause of the error that redis-py raises.
    if code in LOGINS or any(isinstance(each, AuthenticationError) for each in (error, error.__cause__)):
        return StartError(
            "Redis refused the password or the user: correct REDIS_URL (redis://user:password@host:port/0)",
            exit_code=Exit.REDIS_PASSWORD,
        )
    if code == "NOPERM" or "ACL failure in script" in str(error):
        return StartError(
            "the user of REDIS_URL may not do what Bobbin needs: allow it, for example by "
            f"ACL SETUSER <user> ~{keys.prefix}:* &{keys.prefix}:* +@all -@dangerous +info +config|get",
            exit_code=Exit.REDIS_PASSWORD,
        )
    if code in REFUSALS:
        line, exit_code = REFUSALS[code]
        return StartError(line, exit_code=exit_code)
    if code:
        return StartError(
            f"Redis refuses to run Bobbin's scripts ({code}): it must be a Redis 6.2 or a Valkey 7.2, or newer; the "
            "address of a Sentinel belongs in redis.sentinels",
            exit_code=Exit.REDIS_UNFIT,
        )
    return StartError(
        f"Redis cannot be reached ({type(error).__name__}): is it running, and is REDIS_URL right?",
        exit_code=Exit.REDIS_UNREACHABLE,
    )


def _unknown_primary(error: Exception) -> StartError | None:
    """Return the reason why no Sentinel names the primary; None if the error is another one.

    redis-py tells the failure of each Sentinel in the text of its error alone.
    """
    found = next((each for each in (error, error.__cause__) if isinstance(each, MasterNotFoundError)), None)
    if found is None:
        return None
    failures = str(found).partition(" : ")[2]
    if AuthenticationError.__name__ in failures:
        return StartError(
            "a Sentinel refused the password or the user: correct redis.sentinel_password and "
            "redis.sentinel_username",
            exit_code=Exit.REDIS_PASSWORD,
        )
    if failures:
        return StartError(
            "no Sentinel that can be reached names the primary: are they running, and is redis.sentinels right?",
            exit_code=Exit.REDIS_UNREACHABLE,
        )
    return StartError(
        "the Sentinels know no working primary of the service: is it running, and is redis.sentinel_service right?",
        exit_code=Exit.REDIS_UNREACHABLE,
    )
