"""The watch over interrupted branches, on a real Redis server."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from redis.asyncio import Redis

from bot.commands.branching import Branching
from bot.conversation.branch import BranchJob
from bot.store.branches import Branches
from bot.store.held_files import HeldFiles
from bot.store.scope_settings import ScopeSettings
from bot.store.shared_files import SharedFiles
from tests.conversation.builders import snowflake
from tests.patience import idle_timeout
from tests.store.stage import KEYS, C

JOB = BranchJob(
    person=7, interaction=snowflake(400), conversation=C, turn=1, message=1, server=1, place=2, name="looms",
    by="Ann",
)  # fmt: skip


class Services:
    """Has the branches alone; the others are not called before a branch is made."""

    def __init__(self, branches: Branches) -> None:
        self.branches = branches

    def __getattr__(self, name: str) -> Any:
        return None


class Watched(Branching):
    """Notes which branches it is to complete."""

    completed: list[int]

    async def complete(self, job: BranchJob, *, is_retry: bool = False) -> int | None:
        assert is_retry
        self.completed.append(job.person)
        await self._branches.done(job)
        return 1


async def test_a_branch_that_another_version_has_noted_delays_no_other_and_stays_due(redis: Redis) -> None:
    held = HeldFiles(redis, KEYS, ttl_s=1000, upload_s=1000, inline_bytes=1000)
    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    branches = Branches(redis, KEYS, SharedFiles(redis, KEYS, held), settings, ttl_s=1000)
    await branches.ask(JOB)
    await redis.hset(KEYS.branches(6), "1:job", '{"of": "a later version"}')
    await redis.zadd(KEYS.branch_queue, {"6": 0, "7": 1})
    client = cast("Any", SimpleNamespace(is_ready=lambda: True))
    branching = Watched(cast("Any", Services(branches)), client)
    branching.completed = []
    watching = asyncio.create_task(branching.watch(every_s=0.01))
    async with idle_timeout(10):
        while not branching.completed:  # noqa: ASYNC110 - the watch makes it true
            await asyncio.sleep(0.005)
    assert not watching.done()
    watching.cancel()
    assert branching.completed == [7]
    assert await redis.zscore(KEYS.branch_queue, "6") is not None
