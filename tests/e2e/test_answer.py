"""/answer: what is answered in each mode, in channels, threads and forums, and who may choose."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from redis.asyncio import Redis

from bot.commands import admission
from bot.commands.answer import NO_THREADS, REFUSALS, chosen, cleared, overruled, without_effect
from bot.conversation import wording
from bot.conversation.answer_mode import AnswerMode
from bot.conversation.intake import Policy, Reason
from bot.conversation.reasons import because
from bot.conversation.scope import Scope
from bot.local.simulator.discord import permissions as bits
from tests.e2e.controls import answer, press, told
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def choose(world: World, place: int, mode: str, scope: str | None = None, who: Any = None) -> str:
    """Choose a mode."""
    options = {"mode": mode, **({"scope": scope} if scope else {})}
    return await answer(await (who or world.admin).command(place, "answer set", options))


async def answered_next(world: World, place: int, text: str = "last", who: Any = None) -> None:
    """Mention the bot in a thread, and wait until it has answered: what was posted before is decided by then."""
    message = await (who or world.ann).post(place, f"{world.mention} {text}")
    await world.settled(message)


def threads(world: World, channel: int) -> list[int]:
    """The threads of a channel."""
    return [int(each["id"]) for each in world.discord.threads(channel)]


def asked_about(world: World, text: str) -> bool:
    """Whether Claude was asked with a text."""
    return text in str([call.body for call in world.asked])


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
    question = await world.ann.post(thread, "my number is 4711")
    await world.settled(question)
    requests = len(world.asked)
    await choose(world, channel, "never")
    await world.ann.edit(thread, int(question["id"]), "my number is none of your business")
    await world.bots[0].logged("message_edited", message=int(question["id"]))
    assert len(world.asked) == requests
    await choose(world, channel, "mention")
    await answered_next(world, thread)
    assert "4711" not in str(world.asked[-1].body)
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


# in a forum


async def test_in_a_forum_each_new_post_is_answered_from_its_first_message_on(world: World) -> None:
    forum = world.channel("forum")
    old = int((await world.ann.create_post(forum, "Old", "which loom?"))["id"])
    await choose(world, old, "always", "channel")
    await world.ben.post(old, "any, really")
    post = int((await world.ben.create_post(forum, "New", "which yarn?"))["id"])
    await world.answered(post)
    assert "which yarn?" in str(world.asked[-1].body["messages"])
    await world.settled(await world.ben.post(post, "and which colour?"))
    await world.ben.post(post, f"<@{world.ann.id}> you there?")
    await answered_next(world, post)
    assert not asked_about(world, "you there?")
    assert world.said(old) == []
    await answered_next(world, old)


async def test_a_new_post_of_a_media_channel_is_answered_as_one_of_a_forum(world: World) -> None:
    media = world.channel("media")
    old = int((await world.ann.create_post(media, "Old", "a picture"))["id"])
    said = await choose(world, old, "always", "channel")
    assert said == chosen(AnswerMode.ALWAYS, Scope.CHANNEL, Policy(), kind=discord.ChannelType.media)
    post = int((await world.ben.create_post(media, "New", "which yarn is this?"))["id"])
    await world.answered(post)
    assert world.said(old) == []


@pytest.mark.parametrize("kind", ["voice", "stage"])
async def test_where_no_thread_can_be_always_is_not_set_and_the_person_told_what_to_do(
    world: World, kind: str
) -> None:
    channel = world.channel(kind)
    said = await choose(world, channel, "always")
    assert said == without_effect(NO_THREADS)
    elsewhere = await world.admin.command(
        world.channel(), "answer set", {"mode": "always", "channel": channel}
    )
    assert await answer(elsewhere) == said
    assert "`mention` is in force here, the default" in await answer(
        await world.ann.command(channel, "answer show")
    )
    assert NO_THREADS in await answer(await world.ann.command(channel, "answer show"))
    await world.ann.post(channel, "nobody is meant")
    await world.ben.post(channel, f"{world.mention} hello?")
    (notice,) = await world.noticed(channel)
    assert notice["content"] == wording.small(wording.NO_THREADS_HERE)


async def test_always_opens_threads_in_an_announcement_channel(world: World) -> None:
    channel = world.channel("news")
    said = await choose(world, channel, "always")
    assert said == chosen(AnswerMode.ALWAYS, Scope.CHANNEL, Policy(), kind=discord.ChannelType.news)
    message = await world.ann.post(channel, "the loom is here")
    await world.answered(await world.thread_of(message))


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


# after a gap, and with two instances


async def test_what_was_missed_is_answered_by_the_same_rules_and_nothing_from_before(alone: World) -> None:
    soon = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.2"}
    bot = await alone.start_bot(**soon)
    always, never, plain = (alone.channel() for _ in range(3))
    forum, shelf = alone.channel("forum"), alone.channel("forum")
    earlier = await alone.ann.post(always, "before it was set")
    opened, shelved = [
        int((await alone.ann.create_post(each, "Old", "before it was set"))["id"]) for each in (forum, shelf)
    ]
    await choose(alone, always, "always")
    for each in (opened, shelved):
        await choose(alone, each, "always", "channel")
    await choose(alone, never, "never")
    await bot.kill()
    async with Redis.from_url(alone.redis_url, decode_responses=True) as redis:
        # The channels are listed from the beginning, as after a rollback of the store.
        for key in [key async for key in redis.scan_iter("bobbin:*:hw")]:
            await redis.delete(key)
    missed = await alone.ann.post(always, "what is a warp?")
    post = int((await alone.ben.create_post(forum, "New", "which yarn?"))["id"])
    archived = int((await alone.ben.create_post(shelf, "Archived", "which colour?"))["id"])
    await alone.admin.edit_thread(archived, archived=True)
    await alone.ann.post(never, f"{alone.mention} hello?")
    await alone.ann.post(plain, "not for the bot")
    await alone.start_bot(**soon)
    await alone.answered(await alone.thread_of(missed))
    for place in (post, archived):
        await alone.answered(place)
    await alone.converse(plain, "the end")
    assert threads(alone, always) == [int(missed["id"])]
    assert alone.said(opened) == []
    assert threads(alone, never) == []
    assert int(earlier["id"]) not in alone.discord.world.channels


async def test_two_instances_answer_each_message_of_a_channel_once(world: World) -> None:
    async with world.apart(bots=2) as own:
        channel = own.channel()
        await choose(own, channel, "always")
        for number in range(3):
            message = await own.ann.post(channel, f"question {number}")
            await own.answered(await own.thread_of(message))
            await own.settled(message)
        assert [len(own.replies(thread)) for thread in threads(own, channel)] == [1, 1, 1]
        await own.ann.post(channel, f"{own.mention} last")
        await own.until(lambda: len(threads(own, channel)) == 4)


async def test_plain_messages_of_a_channel_cost_no_call_to_the_store_each(world: World) -> None:
    async with world.apart() as own, Redis.from_url(own.redis_url, decode_responses=True) as redis:
        channel = own.channel()
        await own.ann.post(channel, "the first")
        thread = await own.converse(channel, "hello")
        await redis.config_resetstat()
        for number in range(20):
            await own.ann.post(channel, f"plain {number}")
        await own.settled(await own.ann.post(thread, "the end"))
        stats = await redis.info("commandstats")
        assert stats["cmdstat_hgetall"]["calls"] < 20


async def test_why_and_the_settings_name_the_mode_that_keeps_a_message_unanswered(world: World) -> None:
    channel = world.channel()
    thread = int((await world.ben.create_thread(channel, "Ben's"))["id"])
    await choose(world, thread, "always", who=world.ben)
    await choose(world, channel, "never")
    message = await world.ben.post(thread, "hello?")
    await world.converse(world.channel(), "the next")
    why = await answer(await world.ben.command(thread, "why", {"message": message["id"]}))
    assert because(Reason.ANSWERS_OFF).told("") in why
    assert "set for the channel to `never`" in why
    settings = await answer(await world.ben.command(thread, "settings show"))
    assert "Which messages I answer: **never** (set for the channel" in settings
