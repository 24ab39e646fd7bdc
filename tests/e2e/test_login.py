"""Rate limits at the login to Discord."""

from __future__ import annotations

import pytest

from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("scope", ["cloudflare", "global", "user"])
async def test_a_rate_limit_at_login_is_waited_for_in_the_process(world: World, scope: str) -> None:
    async with world.apart(bots=0) as own:
        limit = own.discord.faults.add(
            action="ratelimit",
            route="/users/@me$",
            scope=scope,
            retry_after_s=2.0,
            times=2,
            only_token=own.app.token,
        )
        bot = await own.start_bot()
        assert limit.struck == 2
        (told,) = [entry for entry in bot.log("discord_rate_limited") if entry["level"] == "warning"]
        assert told["again_in_s"] == 2
        assert "address" in told["hint"]
        assert "Traceback" not in bot.output
        await own.converse(own.channel(), "hello")


async def test_a_bot_that_waits_for_a_rate_limit_can_be_stopped(world: World) -> None:
    async with world.apart(bots=0) as own:
        own.discord.faults.add(
            action="ratelimit",
            route="/users/@me$",
            scope="cloudflare",
            retry_after_s=3600,
            times=None,
            only_token=own.app.token,
        )
        bot = await own.start_bot_unready()
        told = await bot.logged("discord_rate_limited")
        assert told["again_in_s"] == 600
        assert await bot.stop() == 0
        assert len(own.called("GET", "/users/@me")) == 1
