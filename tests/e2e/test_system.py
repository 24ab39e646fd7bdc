"""/system: who sets the prompt of which scope, and what reaches Claude."""

from __future__ import annotations

import pytest

from bot.commands.invocation import NOT_A_CONVERSATION
from bot.commands.scopes import ONLY_IN_SERVERS
from bot.commands.system import EMPTY_PROMPT, MAY_NOT_SET, prompt_cleared, prompt_set
from bot.conversation.scope import Scope
from bot.local.simulator.discord import permissions as bits
from tests.e2e.test_commands import LONG_PROMPT, answer, set_prompt, system_of
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_narrowest_prompt_that_is_set_wins(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        assert await set_prompt(own.admin, channel, "SERVER RULES", "server") == prompt_set(Scope.SERVER)
        thread = await own.converse(channel, "one")
        assert "SERVER RULES" in system_of(own.asked[-1])
        assert await set_prompt(own.admin, channel, "CHANNEL RULES") == prompt_set(Scope.CHANNEL)
        await own.settled(await own.ann.post(thread, "two"))
        assert "CHANNEL RULES" in system_of(own.asked[-1])
        assert "SERVER RULES" not in system_of(own.asked[-1])
        assert await set_prompt(own.ann, thread, "THREAD RULES") == prompt_set(Scope.THREAD)
        shown = await answer(await own.ben.command(thread, "system show"))
        assert "THREAD RULES" in shown
        assert "this thread" in shown
        own.begin()
        other = await own.converse(channel, "elsewhere")
        assert "CHANNEL RULES" in system_of(own.asked[-1])
        assert "this channel" in await answer(await own.ben.command(other, "system show"))
        cleared = await answer(await own.ann.command(thread, "system clear"))
        assert cleared == prompt_cleared(Scope.THREAD, was_set=True)
        again = await answer(await own.ann.command(thread, "system clear"))
        assert again == prompt_cleared(Scope.THREAD, was_set=False)
        await answer(await own.admin.command(thread, "system clear", {"scope": "channel"}))
        assert "SERVER RULES" in await answer(await own.ben.command(thread, "system show"))
        await answer(await own.admin.command(thread, "system clear", {"scope": "server"}))
        assert "the default of this bot" in await answer(await own.ben.command(thread, "system show"))


async def test_a_prompt_may_be_as_long_as_a_modal_holds_and_is_edited_where_it_was_left(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    assert await set_prompt(world.ann, thread, LONG_PROMPT) == prompt_set(Scope.THREAD)
    await world.settled(await world.ann.post(thread, "go on"))
    assert LONG_PROMPT in system_of(world.asked[-1])
    opened = await world.ann.command(thread, "system set")
    modal = (await opened.response()).data
    assert modal["components"][0]["component"]["value"] == LONG_PROMPT
    shown = await world.ben.command(thread, "system show")
    message = await shown.message()
    assert [each["filename"] for each in message["attachments"]] == ["system-prompt.txt"]


async def test_a_prompt_cannot_break_out_of_the_block_it_is_shown_in(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    await set_prompt(world.ann, thread, "one\n```\n@everyone")
    shown = await answer(await world.ann.command(thread, "system show"))
    assert shown.count("```") == 2


async def test_an_empty_prompt_is_refused(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    assert await set_prompt(world.ann, thread, "   ") == EMPTY_PROMPT


@pytest.mark.parametrize("scope", [Scope.CHANNEL, Scope.SERVER])
async def test_wider_prompts_need_manage_server(world: World, scope: Scope) -> None:
    thread = await world.converse(world.channel(), "hello")
    mod = world.person("mod", bits.MANAGE_THREADS)
    for command in ("system set", "system clear"):
        for person in (world.ann, mod):
            refused = await answer(await person.command(thread, command, {"scope": scope.value}))
            assert refused == MAY_NOT_SET[scope]
    manager = world.person("boss", bits.MANAGE_GUILD)
    cleared = await answer(await manager.command(thread, "system clear", {"scope": scope.value}))
    assert cleared == prompt_cleared(scope, was_set=False)


async def test_a_thread_s_prompt_is_its_starter_s_and_the_moderators(world: World) -> None:
    thread = await world.converse(world.channel(), "hello", world.ann)
    assert await answer(await world.ben.command(thread, "system set")) == MAY_NOT_SET[Scope.THREAD]
    mod = world.person("mod", bits.MANAGE_THREADS)
    assert await set_prompt(mod, thread, "Be brief.") == prompt_set(Scope.THREAD)


async def test_in_direct_messages_the_person_sets_the_prompt_and_there_are_no_wider_ones(
    world: World,
) -> None:
    person = world.person("dora")
    dm = int((await person.open_dm(world.app.user_id))["id"])
    assert await set_prompt(person, dm, "Be brief.") == prompt_set(Scope.THREAD, is_direct=True)
    refused = await answer(await person.command(dm, "system set", {"scope": "channel"}))
    assert refused == ONLY_IN_SERVERS
    await person.post(dm, "hello")
    await world.answered(dm, 1)
    assert "Be brief." in system_of(world.asked[-1])


async def test_a_prompt_for_a_thread_needs_a_thread(world: World) -> None:
    refused = await answer(await world.admin.command(world.channel(), "system set", {"scope": "thread"}))
    assert refused == NOT_A_CONVERSATION
