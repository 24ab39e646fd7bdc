"""The reasons that /why tells, each in a scene in which people meet it; the others are in `test_why`."""

from __future__ import annotations

import pytest

from bot.conversation.decision import Cause
from bot.conversation.intake import Reason
from bot.local.simulator.discord import guilds
from tests.e2e.budget_scene import set_limit
from tests.e2e.controls import answer
from tests.e2e.why_scene import is_because, why
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_message_without_readable_content_and_a_notice_of_discord_are_told(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    blank = await world.ann.post(thread, "\u2800\u3164")
    assert is_because(await why(world.ben, thread, blank), Reason.EMPTY)
    said = await world.ann.post(world.channel(), "for the wall")
    await world.admin.pin(said["channel_id"], said["id"])
    notice = next(
        each for each in reversed(world.discord.messages(int(said["channel_id"]))) if each["type"] != 0
    )
    assert is_because(await why(world.ben, int(said["channel_id"]), notice), Reason.NOT_A_MESSAGE)


async def test_direct_messages_that_are_switched_off_are_told_in_them(world: World) -> None:
    async with world.apart({"BOT_DISCORD__DIRECT_MESSAGES": "false"}) as own:
        direct = await own.dm_of(own.ann)
        said = await own.ann.post(direct, "hello?")
        text = await why(own.ann, direct, said)
        assert is_because(text, Reason.DIRECT_MESSAGES_OFF)
        assert "The rule: `discord.direct_messages`, which is `" in text


async def test_a_message_from_before_each_one_was_to_be_answered_is_told(world: World) -> None:
    channel = world.channel()
    said = await world.ann.post(channel, "good morning")
    await answer(await world.admin.command(channel, "answer set", {"mode": "always"}))
    assert is_because(await why(world.ben, channel, said), Reason.BEFORE_SETTING)


async def test_an_author_who_left_before_the_bot_came_back_is_told(alone: World) -> None:
    bot = await alone.start_bot()
    channel = alone.channel()
    await alone.settled(await alone.converse(channel, "hello"))
    await bot.stop()
    leaver = alone.person("leaver")
    asked = await leaver.post(channel, f"{alone.mention} hello?")
    guilds.leave(alone.discord.world, alone.guild, leaver.user)
    alone.discord.commit()
    alone.bots = [await alone.start_bot()]
    await alone.bots[0].logged("author_left", message=int(asked["id"]))
    assert is_because(await why(alone.ben, channel, asked), Cause.AUTHOR_LEFT)


async def test_a_full_limit_is_told_with_who_has_set_it_for_admins_only(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        await set_limit(own, channel, "1 messages per day", person=own.ben.id)
        await own.converse(channel, "hello", own.ben)
        asked = await own.ben.post(channel, f"{own.mention} once more?")
        await own.settled(asked)
        text = await why(own.ben, channel, asked)
        assert "because of a limit" in text
        assert "<@" not in text
        assert f"by <@{own.admin.id}>" in await why(own.admin, channel, asked)


async def test_what_discord_does_not_allow_there_is_told(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    world.discord.faults.add(
        action="error", method="POST", route=f"/channels/{thread}/messages$", status=400, code=50035, times=1
    )
    asked = await world.ann.post(thread, "go on")
    await world.bots[0].logged("turn_halted", conversation=thread)
    assert is_because(await why(world.ben, thread, asked), Cause.REJECTED)
    world.discord.faults.clear()
