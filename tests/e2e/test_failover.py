"""A Redis that fails over while its old server lives on as a replica: the bot goes on with the new one by itself."""

from __future__ import annotations

import pytest

from tests.e2e.world import World
from tests.redis_proxy import RedisProxy
from tests.redis_server import order, redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_is_written_after_a_failover_is_answered_without_a_restart(alone: World) -> None:
    with redis_server() as new:
        async with RedisProxy.before(alone.redis_url) as proxy:
            await alone.start_bot(REDIS_URL=proxy.url)
            thread = await alone.converse(alone.channel(), "hello")
            await order(alone.redis_url, "REPLICAOF", "127.0.0.1", 1)
            proxy.lead_to(new)
            await alone.ann.post(alone.channel(), f"{alone.mention} are you there?")
            await alone.until(lambda: "are you there?" in str([call.body for call in alone.asked]))
            await alone.ann.post(thread, "and here?")
            await alone.answered(thread, 2)
