"""The bot's presence: online, or idle with the reason while Redis or Claude is away."""

from __future__ import annotations

import pytest

from bot.local.simulator.claude import faults
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")


def presence(world: World) -> tuple[str, str]:
    """The status of the bot, and what it says of itself."""
    found = world.discord.presence(world.app)
    return found["status"], "".join(each.get("state") or "" for each in found["activities"])


async def test_it_is_idle_while_redis_is_away_and_online_afterwards(
    flaky: tuple[World, RedisProxy, int],
) -> None:
    own, proxy, _ = flaky
    await own.until(lambda: presence(own) == ("online", ""))  # after what other tests did to its Redis
    proxy.leave()
    await own.until(lambda: presence(own) == ("idle", "Waiting: my Redis is away"))
    proxy.come_back()
    await own.until(lambda: presence(own) == ("online", ""))


async def test_it_is_idle_after_claude_has_refused_the_key_until_claude_answers(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        own.claude.faults.add(faults.unauthorized())
        await own.ann.post(channel, f"{own.mention} hello")
        await own.until(lambda: presence(own) == ("idle", "Waiting: Claude refuses my key"))
        own.claude.clear()
        await own.converse(channel, "hello again")
        await own.until(lambda: presence(own) == ("online", ""))
