"""/leave, and /reset in somebody else's thread: no answers until the next mention."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands.leave import LEFT, MAY_NOT_LEAVE, NOT_FROM_HERE
from bot.commands.reset import QUESTION, RESET_ID, forgotten
from tests.e2e.test_audit import acts
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def leave(world: World, person: Any, thread: int) -> str:
    """Use the command."""
    return str((await (await person.command(thread, "leave")).message())["content"])


async def joined(world: World) -> int:
    """Mention the bot into a thread of Ben's."""
    thread = int((await world.ben.create_thread(world.channel(), "Ben's"))["id"])
    await world.ann.post(thread, f"{world.mention} hello?")
    await world.answered(thread)
    return thread


async def helped(world: World, thread: int) -> str:
    """What /help says to do."""
    message = await (await world.ann.command(thread, "help")).message()
    return str(message["content"]).splitlines()[0]


async def hears_nothing_until_mentioned(world: World, thread: int) -> None:
    """Write on in vain, then mention the bot, then write on."""
    replies, asked = len(world.replies(thread)), len(world.asked)
    await world.ann.post(thread, "among ourselves")
    world.claude.say("Back again.")
    await world.ann.post(thread, f"{world.mention} come back")
    assert (await world.answered(thread, replies + 1))[-1]["content"] == "Back again."
    assert len(world.asked) == asked + 1
    assert "among ourselves" not in str(world.asked[-1].body["messages"][-1])
    world.claude.say("And on.")
    await world.ann.post(thread, "and on?")
    assert (await world.answered(thread, replies + 2))[-1]["content"] == "And on."


async def test_the_starter_of_a_thread_makes_the_bot_leave_it_until_the_next_mention(world: World) -> None:
    thread = await joined(world)
    assert await leave(world, world.ben, thread) == LEFT
    await hears_nothing_until_mentioned(world, thread)
    assert await leave(world, world.admin, thread) == LEFT
    await hears_nothing_until_mentioned(world, thread)


async def test_security_a_leave_that_changes_nothing_does_not_stand_in_the_audit_log(world: World) -> None:
    async with world.apart() as own:
        thread = await joined(own)
        for person in (own.ben, own.ben, own.admin):
            assert await leave(own, person, thread) == LEFT
        assert await acts(own, thread) == [f"<@{own.ben.id}> made me leave <#{thread}>"]
        await hears_nothing_until_mentioned(own, thread)
        assert await leave(own, own.admin, thread) == LEFT
        assert len(await acts(own, thread)) == 2


async def test_it_leaves_a_thread_of_its_own_as_well(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    assert await leave(world, world.ann, thread) == LEFT
    await hears_nothing_until_mentioned(world, thread)


async def test_help_says_to_mention_the_bot_where_it_is_not_and_to_just_write_where_it_is(
    world: World,
) -> None:
    own, foreign = await world.converse(world.channel(), "hello"), await joined(world)
    for thread, starter in ((own, world.ann), (foreign, world.ben)):
        assert "Just write" in await helped(world, thread)
        await leave(world, starter, thread)
        assert f"Mention {world.mention}" in await helped(world, thread)
        await hears_nothing_until_mentioned(world, thread)
        assert "Just write" in await helped(world, thread)


async def test_nobody_else_makes_it_leave(world: World) -> None:
    thread = await joined(world)
    assert await leave(world, world.ann, thread) == MAY_NOT_LEAVE
    await world.ann.post(thread, "still there?")
    await world.answered(thread, 2)


async def test_a_reset_in_somebody_elses_thread_ends_it_there_too(world: World) -> None:
    thread = await joined(world)
    question = await (await world.ben.command(thread, "reset")).message()
    await world.ben.press(thread, question["id"], f"{RESET_ID}:{thread}")
    await world.until(lambda: world.discord.message(question["id"])["content"] != QUESTION)
    assert world.discord.message(question["id"])["content"] == forgotten(1, ours=False)
    await hears_nothing_until_mentioned(world, thread)


async def test_a_reset_does_not_end_a_thread_of_its_own_that_it_has_come_back_to(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    assert await leave(world, world.ann, thread) == LEFT
    await hears_nothing_until_mentioned(world, thread)
    question = await (await world.ann.command(thread, "reset")).message()
    await world.ann.press(thread, question["id"], f"{RESET_ID}:{thread}")
    await world.until(lambda: world.discord.message(question["id"])["content"] != QUESTION)
    replies = len(world.replies(thread))
    await world.ann.post(thread, "and now?")
    await world.answered(thread, replies + 1)


async def test_direct_messages_have_nothing_to_leave(world: World) -> None:
    dm = await world.dm_of(world.ann)
    assert await leave(world, world.ann, dm) == NOT_FROM_HERE
