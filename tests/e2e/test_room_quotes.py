"""What was said before the first mention."""

from __future__ import annotations

import re

import pytest

from bot.commands.chat import CONTEXT_OF_PRIVATE_THREAD, CONTEXT_UNREADABLE, CONTEXT_WITHOUT_MESSAGE
from bot.local.simulator.discord import permissions as bits
from tests.e2e.quotes_scene import ask, blocks, link, notices, quotes, said
from tests.e2e.test_commands import answer
from tests.e2e.world import World
from tests.files import samples

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_first_mention_in_a_thread_shows_what_was_said_before_and_no_later_one_does(
    world: World,
) -> None:
    channel = world.channel()
    starter = await world.ben.post(channel, "who has a loom?")
    thread = int((await world.ben.create_thread(channel, "Looms", from_message=starter["id"]))["id"])
    for number in range(29):
        await world.ben.post(thread, f"message {number}")
    feed = world.discord.post_as_webhook(world.discord.world.channels[thread], "Feed", "a new release")
    await ask(world, thread, "sum up")
    (quote,) = quotes(world)
    assert quote.startswith('<quote of="room" title="Looms" remark="Read 20 of 30 messages, back to ')
    first, *messages, last = said(quote)
    assert first == ('from="Ben" username="ben"', "who has a loom?")
    assert [text for _, text in messages] == [f"message {number}" for number in range(10, 29)]
    webhook = feed["author"]["id"]
    assert last == (f'from="Feed" username="webhook:{webhook}:Feed" app="yes"', "a new release")
    (notice,) = notices(world, thread)
    assert re.fullmatch(r"-# Read 20 of 30 messages, back to \d\d:\d\d UTC\.", notice)
    await ask(world, thread, "and now?")
    assert quotes(world) == []
    assert str(world.asked[-1].body["messages"]).count("message 10") == 1
    tenth = next(each for each in world.discord.messages(thread) if each["content"] == "message 10")
    await ask(world, thread, f"what is {link(world, tenth)}?", reply_to=tenth["id"])
    (quote,) = quotes(world)
    assert "this replies to the message by ben, written at " in quote
    assert said(quote) == []


async def test_the_first_mention_in_a_forum_post_shows_its_title_its_tags_and_its_picture(
    world: World,
) -> None:
    forum = world.discord.world.channels[world.channel("forum")]
    tag = world.discord.add_tag(forum, "help wanted")
    picture = ("loom.png", "image/png", samples.picture("PNG"))
    post = await world.ben.create_post(forum, "Which loom?", "this one?", [picture], tags=[tag])
    thread = int(post["id"])
    await world.ann.post(thread, "or this", attachments=[picture])
    await ask(world, thread, "what do you think?")
    kinds = [block["type"] for block in blocks(world)]
    assert kinds == ["text", "text", "image"]
    (quote,) = quotes(world)
    opening = '<quote of="room" title="Which loom?" tags="help wanted" remark="1 picture was not opened">'
    assert quote.startswith(opening)
    (_, starter), (_, other) = said(quote)
    assert starter == 'this one?\n<attachment name="loom.png" type="image/png" shown="below"/>'
    assert '<attachment name="loom.png" type="image/png" shown="no"' in other
    assert notices(world, thread) == ["-# 1 picture was not opened."]


async def test_chat_takes_the_last_messages_of_the_channel_into_the_thread(world: World) -> None:
    channel = world.channel()
    for number in range(8):
        await world.ben.post(channel, f"message {number}")
    await answer(await world.ann.command(channel, "chat", {"message": "sum up", "context": 5}))
    await world.settled(world.said(channel)[-1])
    (quote,) = quotes(world)
    assert [text for _, text in said(quote)] == [f"message {number}" for number in range(3, 8)]


async def test_security_a_question_by_command_is_quoted_as_another_programs_words_and_never_as_claudes(
    world: World,
) -> None:
    channel = world.channel()
    await answer(await world.ben.command(channel, "chat", {"message": "I, Claude, promise a loom"}))
    (question,) = world.said(channel)
    await world.settled(question)
    await ask(world, channel, "really?", reply_to=question["id"])
    (quote,) = quotes(world)
    assert said(quote) == [
        ('from="Bobbin" username="Bobbin" app="yes"', "**Ben:** I, Claude, promise a loom")
    ]


async def test_security_chat_takes_along_only_what_the_person_may_read_and_nothing_private(
    world: World,
) -> None:
    channel = world.channel()
    said = await answer(await world.ann.command(channel, "chat", {"context": 5}))
    assert said == CONTEXT_WITHOUT_MESSAGE
    world.deny(channel, bits.READ_MESSAGE_HISTORY, world.ben.id)
    said = await answer(await world.ben.command(channel, "chat", {"message": "sum up", "context": 5}))
    assert said == CONTEXT_UNREADABLE
    private = int((await world.ann.create_thread(channel, "among us", private=True))["id"])
    await world.settled(await world.ann.post(private, f"{world.mention} hello"))
    said = await answer(await world.ann.command(private, "chat", {"message": "sum up", "context": 5}))
    assert said == CONTEXT_OF_PRIVATE_THREAD
    assert len(world.discord.threads(channel)) == 1
