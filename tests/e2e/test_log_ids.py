"""Each log line of a turn names the turn, and one of a request to Claude the request."""

from __future__ import annotations

import pytest

from bot.local.simulator.claude import faults
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_lines_of_a_turn_name_it_and_those_of_another_do_not(world: World) -> None:
    async with world.apart() as own:
        own.claude.faults.add(faults.overloaded())
        first = await own.ann.post(own.channel(), f"{own.mention} hello")
        await own.settled(first)
        second = await own.ben.post(own.channel(), f"{own.mention} hello")
        await own.settled(second)
        bot = own.bots[0]
        (retried,) = bot.log("claude_retry")
        assert (retried["turn"], retried["conversation"]) == (int(first["id"]), int(first["id"]))
        assert retried["request_id"].startswith("req_")
        replied = bot.log("claude_replied")
        assert [each["turn"] for each in replied] == [int(first["id"]), int(second["id"])]
        assert all(each["request_id"].startswith("req_") for each in replied)


async def test_a_call_that_discord_refuses_is_logged_with_its_turn_and_its_ray(world: World) -> None:
    async with world.apart() as own:
        own.discord.faults.add(
            action="error", method="POST", route=r"/threads$", status=502, only_token=own.app.token
        )
        message = await own.ann.post(own.channel(), f"{own.mention} hello")
        await own.settled(message)
        failed = own.bots[0].log("discord_call_failed")[0]
        assert (failed["status"], failed["method"], failed["turn"]) == (502, "POST", int(message["id"]))
        assert failed["ray"]
