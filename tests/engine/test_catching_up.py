"""A store that goes back while a bot looks for what was missed."""

from __future__ import annotations

import pytest

from bot.store.keys import Keys
from tests.engine.arena import Arena
from tests.engine.comparison import Said
from tests.engine.scenarios import roll_back_at_mark

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_mention_that_is_forgotten_while_its_channel_is_listed_is_answered_all_the_same(
    found: Arena,
) -> None:
    async with found.stage() as stage:
        bot = await stage.start(POINTS_AT="mark:before:armed", POINTS_DO="stop", POINTS_OVERLAP_S="0.01")
        await bot.ready()
        await stage.finished(await stage.post(None, "short"), 1)
        channel, mark = stage.world.channel(), Keys(stage.scene.prefix).high_water_mark
        chatter = await stage.world.ann.post(channel, "chatter")
        listed = mark(channel)
        while str(chatter["id"]) not in str(await found.redis.get(listed)):
            await stage.rest(still_s=0.2)
        snapshot = await stage.snapshot()
        bot.arm()
        stage.world.discord.faults.swallow_events(1, "MESSAGE_CREATE")
        words = f"short{stage.tag}{len(stage.scene.said) + 1}x"
        mention = await stage.world.ann.post(channel, f"{stage.world.mention} {words}")
        stage.scene.said.append(Said(int(mention["id"]), int(mention["id"]), words))
        await roll_back_at_mark(stage, bot, snapshot)
        await (await stage.start(POINTS_OVERLAP_S="0.01")).ready()
        assert await stage.rest() == []
