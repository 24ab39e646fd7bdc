"""/answer: what is answered in each mode, in channels, threads and forums, and who may choose."""

from __future__ import annotations

import discord
import pytest

from bot.commands import admission
from bot.commands.answer_view import REFUSALS, chosen, cleared, overruled
from bot.conversation import wording
from bot.conversation.answer_mode import AnswerMode
from bot.conversation.intake import Policy
from bot.conversation.scope import Scope
from bot.local.simulator.discord import permissions as bits
from tests.e2e.answer_scene import answered_next, asked_about, choose, threads
from tests.e2e.controls import answer, press, told
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


# in a channel


async def test_always_opens_a_thread_from_each_message_of_a_person(world: World) -> None:
    channel = world.channel()
    said = await choose(world, channel, "always")
    assert said == chosen(AnswerMode.ALWAYS, Scope.CHANNEL, Policy(), kind=discord.ChannelType.text)
    first = await world.ann.post(channel, "how do looms work?")
    second = await world.ben.post(channel, f"and <@{world.ann.id}>, what is a warp?")
    for message in (first, second):
        await world.answered(await world.thread_of(message))
    await world.ann.post(channel, "// between us")
    await world.another_bot("Builder").post(channel, "built")
    third = await world.ann.post(channel, "and a weft?")
    await world.answered(await world.thread_of(third))
    assert set(threads(world, channel)) == {int(each["id"]) for each in (first, second, third)}


async def test_in_a_thread_below_always_people_go_on_as_in_any_thread(world: World) -> None:
    channel = world.channel()
    await choose(world, channel, "always")
    thread = await world.thread_of(await world.ann.post(channel, "hello"))
    await world.answered(thread)
    await world.settled(await world.ann.post(thread, "and further"))
    await world.ben.post(thread, f"<@{world.ann.id}> only for you")
    await world.settled(await world.ann.post(thread, "and on"))
    assert not asked_about(world, "only for you")
    foreign = int((await world.ben.create_thread(channel, "Ben's"))["id"])
    await world.ben.post(foreign, "among ourselves")
    await answered_next(world, foreign)
    assert len(world.replies(foreign)) == 1


async def test_whoever_may_open_no_threads_is_told_so_once_and_not_for_each_message(world: World) -> None:
    channel = world.channel()
    await choose(world, channel, "always")
    world.deny(channel, bits.CREATE_PUBLIC_THREADS, world.ben.id)
    for number in range(3):
        await world.ben.post(channel, f"try {number}")
    await world.answered(await world.thread_of(await world.ann.post(channel, "hello")))
    notice = wording.small(wording.may_not("Create Public Threads"))
    assert [each["content"] for each in world.said(channel)] == [notice]
    await world.ben.post(channel, f"{world.mention} please")
    await world.until(lambda: len(world.said(channel)) == 2)


@pytest.mark.parametrize("scope", ["channel", "server"])
async def test_never_answers_nothing_and_says_nothing_mentions_included(world: World, scope: str) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        requests = len(own.asked)
        assert "`never`" in await choose(own, channel, "never", scope)
        await own.ann.post(channel, f"{own.mention} hello?")
        await own.ann.post(thread, f"{own.mention} hello?")
        await own.ann.post(thread, "hello?")
        await own.ann.post(channel, f"{own.mention} /help")
        assert "I answer nothing here" in await answer(await own.ann.command(thread, "help"))
        place = Scope(scope)
        pressed = await press(own.ann, thread, own.replies(thread)[0], "Regenerate")
        assert await told(pressed, own) == admission.ANSWERS_OFF[place]
        chat = await answer(await own.ann.command(channel, "chat", {"message": "hello"}))
        assert chat == admission.ANSWERS_OFF[place]
        assert len(own.asked) == requests
        assert own.said(channel) == []
        assert len(own.said(thread)) == 1
        assert await answer(await own.admin.command(channel, "answer clear", {"scope": scope})) == cleared(
            place, was_set=True
        )
        await answered_next(own, thread)
        assert not any("hello?" in str(call.body["messages"][-1]) for call in own.asked)


async def test_an_edit_where_nothing_is_answered_is_stored_and_has_nothing_written_anew(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    question = await world.ann.post(thread, "my number is forty-two")
    await world.settled(question)
    requests = len(world.asked)
    await choose(world, channel, "never")
    await world.ann.edit(thread, int(question["id"]), "my number is none of your business")
    await world.bots[0].logged("message_edited", message=int(question["id"]))
    assert len(world.asked) == requests
    await choose(world, channel, "mention")
    await answered_next(world, thread)
    assert "forty-two" not in str(world.asked[-1].body)
    assert "none of your business" in str(world.asked[-1].body)
    assert len(world.asked) == requests + 1


async def test_quiet_answers_mentions_only_also_in_threads_of_its_own(world: World) -> None:
    channel = world.channel()
    await choose(world, channel, "quiet")
    thread = await world.converse(channel, "hello")
    await world.ann.post(thread, "among ourselves")
    await answered_next(world, thread)
    assert len(world.replies(thread)) == 2
    reply = world.replies(thread)[-1]
    await world.settled(await world.ben.post(thread, "to the bot", reply_to=int(reply["id"])))
    assert len(world.replies(thread)) == 3


# in a thread


async def test_the_starter_of_a_thread_makes_it_quiet_and_a_channel_is_not_theirs(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    assert await choose(world, thread, "quiet", who=world.ben) == REFUSALS.may_not[Scope.THREAD]
    for scope in (Scope.CHANNEL, Scope.SERVER):
        assert await choose(world, thread, "never", scope.value, world.ann) == REFUSALS.may_not[scope]
    said = await choose(world, thread, "quiet", who=world.ann)
    assert said == chosen(AnswerMode.QUIET, Scope.THREAD, Policy())
    await world.ann.post(thread, "among ourselves")
    await answered_next(world, thread)
    assert len(world.replies(thread)) == 2
    mod = world.person("mod", bits.MANAGE_THREADS)
    assert await answer(await mod.command(thread, "answer clear")) == cleared(Scope.THREAD, was_set=True)
    await world.settled(await world.ann.post(thread, "and now?"))
    assert await answer(await mod.command(thread, "answer clear")) == cleared(Scope.THREAD, was_set=False)


async def test_moderators_of_threads_do_not_choose_for_a_channel(world: World) -> None:
    mod = world.person("mod", bits.MANAGE_THREADS)
    channel = world.channel()
    assert await choose(world, channel, "always", who=mod) == REFUSALS.may_not[Scope.CHANNEL]
    clear = await answer(await mod.command(channel, "answer clear", {"scope": "server"}))
    assert clear == REFUSALS.may_not[Scope.SERVER]


async def test_always_in_somebody_elses_thread_answers_each_message_until_the_bot_leaves(
    world: World,
) -> None:
    thread = int((await world.ben.create_thread(world.channel(), "Ben's"))["id"])
    await choose(world, thread, "always", who=world.ben)
    message = await world.ann.post(thread, f"<@{world.ben.id}> what is a warp?")
    await world.settled(message)
    await (await world.ben.command(thread, "leave")).message()
    await world.ann.post(thread, "among ourselves")
    await answered_next(world, thread)
    assert len(world.replies(thread)) == 2


async def test_never_of_a_channel_holds_in_its_threads_whatever_their_starters_choose(world: World) -> None:
    channel = world.channel()
    thread = int((await world.ben.create_thread(channel, "Ben's"))["id"])
    await choose(world, thread, "always", who=world.ben)
    await choose(world, channel, "never")
    await world.ben.post(thread, f"{world.mention} hello?")
    assert await choose(world, thread, "always", who=world.ben) == overruled(Scope.CHANNEL)
    other = await world.converse(world.channel(), "the end")
    assert len(world.replies(other)) == 1
    assert world.said(thread) == []


# /answer show


async def test_the_mode_in_force_is_shown_with_who_set_it_to_those_who_manage_the_server(
    world: World,
) -> None:
    channel = world.channel()
    before = await answer(await world.ann.command(channel, "answer show"))
    assert before.startswith("`mention` is in force here, the default.")
    await choose(world, channel, "quiet")
    for_ann = await answer(await world.ann.command(channel, "answer show"))
    assert for_ann.startswith("`quiet` is in force here, set for this channel <t:")
    assert f"<@{world.admin.id}>" in await answer(await world.admin.command(channel, "answer show"))
    assert str(world.admin.id) not in for_ann
