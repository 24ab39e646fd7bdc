"""A host whose clock is hours off answers as any other: ids and dates of Discord are the clock."""

from __future__ import annotations

import time

import pytest

from bot.commands.reply_controls import REGENERATING
from tests.e2e.controls import anew, answer
from tests.e2e.world import World
from tests.redis_server import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOURS_S = 7200.0


@pytest.mark.parametrize("ahead_s", [HOURS_S, -HOURS_S])
async def test_on_a_host_that_is_hours_off_a_fresh_reply_is_written_over_in_its_place(ahead_s: float) -> None:
    with redis_server() as url:
        world = await World.build(url, clock=lambda: time.time() - ahead_s)
        try:
            bot = await world.start_bot(BOT_RECOVERY__MAX_AGE_HOURS="1")
            thread = await world.converse(world.channel(), "hello")
            (reply,) = world.replies(thread)
            world.claude.default = lambda _: "Anew."
            assert await answer(await world.ann.command(thread, "retry")) == REGENERATING
            await anew(world, thread, "Anew.")
            assert [each["id"] for each in world.replies(thread)] == [reply["id"]]
            assert not world.called("DELETE", f"/messages/{reply['id']}")
            (told,) = bot.log("host_clock_wrong")
            assert told["minutes"] == 120
            assert "NTP" in told["hint"]
            # What was missed is as young as Discord says.
            await bot.stop()
            await world.ann.post(thread, "are you there?")
            await world.start_bot(BOT_RECOVERY__MAX_AGE_HOURS="1")
            await world.answered(thread, 2)
        finally:
            await world.close()
