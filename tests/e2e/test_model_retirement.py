"""Models that retire, and what conversations cost."""

from __future__ import annotations

import pytest

from bot.config import Exit
from bot.local.simulator.claude import faults
from tests.e2e.bot_process import START_S
from tests.e2e.models_scene import DEFAULT, HAIKU, OPUS, RETIRED, choose, go_on
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_model_that_retires_while_it_is_chosen_is_named_with_its_successor(world: World) -> None:
    async with world.apart({"BOT_CLAUDE__SUCCESSOR": OPUS}) as own:
        thread = await own.converse(own.channel(), "hello")
        own.claude.faults.add(faults.not_found())
        await own.settled(await own.ann.post(thread, "and now?"))
        notice = own.said(thread)[-1]["content"]
        assert f"The model {DEFAULT} is not available. {OPUS} takes its place: choose it here" in notice
        assert "claude.model" in notice
        await go_on(own, thread)
        assert "and now?" in str(own.asked[-1].body["messages"][-1])


async def test_the_bot_does_not_start_with_a_retired_model_and_says_what_to_set(world: World) -> None:
    bot = await world.start_bot_unready(BOT_CLAUDE__MODEL=RETIRED)
    try:
        assert await bot.ended(START_S) == Exit.CLAUDE_MODEL
    finally:
        world.bots.remove(bot)
    assert f"The model '{RETIRED}' is not available ({RETIRED} was retired on 2026-02-19)" in bot.output
    assert f"change claude.model (BOT_CLAUDE__MODEL) to '{HAIKU}'" in bot.output


async def test_the_end_of_the_model_is_announced_to_the_operator(world: World) -> None:
    async with world.apart({"BOT_CLAUDE__MODEL": "claude-sonnet-4-5"}) as own:
        await own.until(lambda: own.bots[0].log("model_ends"))
        (line,) = own.bots[0].log("model_ends")
        assert (line["model"], line["retires"], line["successor"]) == (
            "claude-sonnet-4-5",
            "2026-11-30",
            DEFAULT,
        )
        await own.converse(own.channel(), "hello")
        assert own.asked[-1].body["model"] == "claude-sonnet-4-5"


async def test_the_end_of_a_model_that_was_chosen_is_announced_once_by_all_that_run_and_restart(
    world: World,
) -> None:
    async with world.apart(bots=2) as own:
        bots = list(own.bots)
        thread = await own.converse(own.channel(), "hello")
        assert [bot.log("model_ends") for bot in bots] == [[], []]
        await choose(own.ann, thread, model="claude-sonnet-4-5")
        await own.until(lambda: any(bot.log("model_ends") for bot in bots))
        await own.bots.pop().stop()
        bots.append(await own.start_bot())
        await go_on(own, thread)
        assert own.asked[-1].body["model"] == "claude-sonnet-4-5"
        assert [line["model"] for bot in bots for line in bot.log("model_ends")] == ["claude-sonnet-4-5"]
