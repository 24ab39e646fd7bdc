"""What operators can choose, and what people send that is out of the ordinary."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation import wording
from bot.local.simulator.discord import posting
from bot.local.simulator.discord.drafts import Draft
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

NITRO_CHARS = 4000
"""What a message of a paying user may hold; the local Discord's users are held to 2000."""

CROWD = 30


async def test_always_answers_what_is_for_somebody_else_and_no_prefix_leaves_nothing_out(
    world: World,
) -> None:
    async with world.apart({"BOT_REPLY__WHEN": "always", "BOT_REPLY__IGNORE_PREFIX": ""}) as own:
        thread = await own.converse(own.channel(), "hello")
        own.claude.say("I may say something too.")
        await own.settled(await own.ann.post(thread, f"<@{own.ben.id}> what do you think?"))
        own.claude.say("A comment.")
        await own.settled(await own.ann.post(thread, "// a comment"))
        assert [m["content"] for m in own.replies(thread)][1:] == ["I may say something too.", "A comment."]


async def test_mentioned_waits_for_a_mention_or_a_reply_and_direct_messages_can_be_off(world: World) -> None:
    settings = {
        "BOT_REPLY__WHEN": "mentioned",
        "BOT_REPLY__IGNORE_PREFIX": "!psst",
        "BOT_DISCORD__DIRECT_MESSAGES": "false",
    }
    async with world.apart(settings) as own:
        dm = int((await own.ben.open_dm(own.app.user_id))["id"])
        await own.ben.post(dm, "hello?")
        thread = await own.converse(own.channel(), "hello")
        await own.ann.post(thread, "among ourselves")
        await own.ann.post(thread, f"!psst {own.mention} not this")
        (first,) = own.replies(thread)
        await own.settled(await own.ann.post(thread, "// and this?", reply_to=first["id"]))
        await own.settled(await own.ben.post(thread, f"{own.mention} and this?"))
        assert len(own.replies(thread)) == 3
        assert own.said(dm) == []
        sent = str([call.body["messages"] for call in own.asked])
        assert "among ourselves" not in sent
        assert "not this" not in sent
        assert "// and this?" in sent


async def test_attachments_are_named_and_a_picture_alone_is_answered(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    picture = ("loom.png", "image/png", b"\x89PNG")
    await world.settled(await world.ann.post(thread, "", attachments=[picture]))
    assert '<attachment name="loom.png" type="image/png"' in str(world.asked[-1].body["messages"][-1])


async def test_a_mention_alone_opens_a_thread_named_after_its_author(world: World) -> None:
    thread = await world.thread_of(await world.ann.post(world.channel(), world.mention))
    await world.answered(thread)
    assert world.discord.thread(thread)["name"] == "Chat with Ann"


async def test_a_message_of_4000_characters_is_sent_whole(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    text = ("weaving " * 1000)[: NITRO_CHARS - 5] + "knot!"
    place = world.discord.world.channels[thread]
    posted = posting.post(world.discord.world, place, world.ann.user, Draft(content=text))
    world.discord.commit()
    await world.settled(posted.id)
    assert text in str(world.asked[-1].body["messages"][-1])


async def test_a_crowd_that_mentions_the_bot_at_once_is_answered_each_in_a_thread(world: World) -> None:
    channels = [world.channel() for _ in range(3)]
    people = [world.person("p") for _ in range(CROWD)]
    asked = await asyncio.gather(
        *(each.post(channels[n % 3], f"{world.mention} number {n}") for n, each in enumerate(people))
    )
    for message in asked:
        await world.settled(message)
    assert all(len(world.replies(int(message["id"]))) == 1 for message in asked)


async def test_a_crowd_in_one_thread_is_answered_in_order_and_nobody_twice(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    people = [world.ann, world.ben]
    for n in range(CROWD):
        await people[n % 2].post(thread, f"number <{n}>")
    await world.until(lambda: f"number <{CROWD - 1}>" in str(world.asked[-1].body["messages"][-1]))
    await world.answered(thread, 2)
    # The crowd may take two turns, and the reply of the first may quote it.
    sent = str([message for message in world.asked[-1].body["messages"] if message["role"] == "user"])
    places = [sent.index(f"number <{n}>") for n in range(CROWD)]
    assert places == sorted(places)
    assert all(sent.count(f"number <{n}>") == 1 for n in range(CROWD))


async def test_without_a_mention_direct_messages_know_no_notice(world: World) -> None:
    dm = int((await world.ben.open_dm(world.app.user_id))["id"])
    await world.ben.post(dm, "// not for you")
    await world.settled(await world.ben.post(dm, "for you"))
    assert wording.SMALL not in str([m["content"] for m in world.said(dm)])
    assert "not for you" not in str(world.asked[-1].body["messages"])
