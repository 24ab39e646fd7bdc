"""Checks that the server does what the bot needs, before the bot says that it is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from redis.asyncio.sentinel import MasterNotFoundError
from redis.exceptions import AuthenticationError

from bot.config import Exit
from bot.conversation.errors import StartError, StoreUnavailable
from bot.retry import Schedule, retry
from bot.store.counted import CountedRedis
from bot.store.keys import Keys
from bot.store.trial import FAILURES, NO_LOGIN, NO_RIGHT, refusal_code, try_out

log = structlog.get_logger()

CHECK = Schedule(0.2, within_s=3.0)
"""A host may start the bot and its Redis at the same time, and Redis loads its data before it answers."""

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
    "LOADING": ("this Redis is still loading its data: try again when it has", Exit.REDIS_UNREACHABLE),
}
LOGINS = ("NOAUTH", NO_LOGIN)

PASSING = frozenset({"LOADING", "MASTERDOWN"})
"""The refusals of a server that serves again once its data are read, or once its master is back or replaced."""


WAIT_S = 0.5


class Refused(StartError):
    """The server does not do what the bot needs; `code` is that of its answer, "" if there is none."""

    def __init__(self, line: str, *, exit_code: int, code: str = "") -> None:
        super().__init__(line, exit_code=exit_code)
        self.code = code


async def check(redis: CountedRedis, keys: Keys, waits: Callable[[str], None] | None = None) -> None:
    """Raise StartError, with one readable line, unless each server lets a script write, read and delete our keys.

    With `waits`, a server whose refusal passes by itself is waited for, and `waits` is called with its code.
    """
    said = ""
    while True:
        try:
            await retry(
                lambda: _try(redis, keys),
                CHECK,
                on=Refused,
                when=lambda error: error.exit_code != Exit.REDIS_PASSWORD,
            )
        except Refused as error:
            if waits is None or error.code not in PASSING:
                raise
            waits(error.code)
            if error.code != said:
                log.warning("redis_waited_for", code=error.code, reason=error.line)
            said = error.code
            await asyncio.sleep(WAIT_S)
        else:
            return


async def _try(redis: CountedRedis, keys: Keys) -> None:
    for trial in await try_out(redis, keys):
        if trial.error is not None:
            raise _refusal(trial.error, keys, trial.address) from trial.error
        if not trial.keeps:
            raise Refused("Redis does not keep what is written to it", exit_code=Exit.REDIS_UNFIT)
    if redis.replicas is not None:
        try:
            await redis.wait(0, 1)  # whether the user may
        except FAILURES as error:
            raise _refusal(error, keys, "") from error


def explained(error: StoreUnavailable, keys: Keys) -> StartError:
    """Return in one line why Redis did not serve, and what to do about it."""
    return _refusal(error.__cause__ or error, keys, "")


def _refusal(error: BaseException, keys: Keys, address: str) -> Refused:
    """Return what is wrong; `address` names the server among those of a cluster."""
    if (unknown := _unknown_primary(error)) is not None:
        return unknown
    code = refusal_code(error)
    if code in LOGINS:
        return Refused(
            "Redis refused the password or the user: correct REDIS_URL (redis://user:password@host:port/0)",
            exit_code=Exit.REDIS_PASSWORD,
        )
    if code == NO_RIGHT:
        return Refused(
            "the user of REDIS_URL may not do what Bobbin needs: allow it, for example by "
            f"ACL SETUSER <user> ~{keys.prefix}:* resetchannels &{keys.prefix}:* +@all -@dangerous +info +config|get",
            exit_code=Exit.REDIS_PASSWORD,
        )
    if code in REFUSALS:
        line, exit_code = REFUSALS[code]
        if address:
            line = line.replace("this Redis", f"this Redis ({address})", 1)
        return Refused(line, exit_code=exit_code, code=code)
    if code:
        return Refused(
            f"Redis refuses to run Bobbin's scripts ({code}): it must be a Redis 6.2 or a Valkey 7.2, or newer; the "
            "address of a Sentinel belongs in redis.sentinels",
            exit_code=Exit.REDIS_UNFIT,
        )
    return Refused(
        f"Redis cannot be reached ({type(error).__name__}): is it running, and is REDIS_URL right?",
        exit_code=Exit.REDIS_UNREACHABLE,
    )


def _unknown_primary(error: BaseException) -> Refused | None:
    """Return the reason why no Sentinel names the primary; None if the error is another one.

    redis-py tells the failure of each Sentinel in the text of its error alone.
    """
    found = next((each for each in (error, error.__cause__) if isinstance(each, MasterNotFoundError)), None)
    if found is None:
        return None
    failures = str(found).partition(" : ")[2]
    if AuthenticationError.__name__ in failures:
        return Refused(
            "a Sentinel refused the password or the user: correct redis.sentinel_password and "
            "redis.sentinel_username",
            exit_code=Exit.REDIS_PASSWORD,
        )
    if failures:
        return Refused(
            "no Sentinel that can be reached names the primary: are they running, and is redis.sentinels right?",
            exit_code=Exit.REDIS_UNREACHABLE,
        )
    return Refused(
        "the Sentinels know no working primary of the service: is it running, and is redis.sentinel_service right?",
        exit_code=Exit.REDIS_UNREACHABLE,
    )
