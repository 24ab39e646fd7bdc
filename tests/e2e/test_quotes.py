"""What messages refer to, as Claude gets it: replies, links and the room before the mention."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation import wording
from bot.conversation.quoting import Missing
from bot.local.simulator.discord import guilds
from bot.local.simulator.discord import permissions as bits
from bot.turns.quote_outcome import MISSING
from tests.e2e.quotes_scene import ask, blocks, link, notices, quotes, said
from tests.e2e.world import World
from tests.files import samples

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_reply_shows_claude_what_it_replies_to_with_its_picture(world: World) -> None:
    channel = world.channel()
    picture = ("loom.png", "image/png", samples.picture("PNG"))
    original = await world.ben.post(channel, "my new loom", attachments=[picture])
    thread = await ask(world, channel, "what is this?", reply_to=original["id"])
    text, quote, image, *_ = blocks(world)
    assert "what is this?" in text["text"]
    assert quote["text"].startswith('<quote of="reply">')
    assert said(quote["text"]) == [
        (
            'from="Ben" username="ben"',
            'my new loom\n<attachment name="loom.png" type="image/png" shown="below"/>',
        )
    ]
    assert image["type"] == "image"
    assert notices(world, thread) == []
    calls = [
        call for call in world.calls() if call.method == "GET" and f"/messages/{original['id']}" in call.path
    ]
    assert calls == []  # it came with the event


async def test_a_reply_to_what_stands_above_is_named_and_not_repeated(world: World) -> None:
    thread = await world.converse(world.channel(), "looms are from Mars")
    (reply,) = world.replies(thread)
    await world.settled(await world.ben.post(thread, "are you sure?", reply_to=reply["id"]))
    (quote,) = quotes(world)
    assert "this replies to your own message written at " in quote
    assert said(quote) == []
    question = await world.ann.post(thread, "what about silk?")
    await world.settled(question)
    await world.settled(await world.ann.post(thread, "I mean this", reply_to=question["id"]))
    (quote,) = quotes(world)
    assert "this replies to the message by ann, written at " in quote
    assert str(world.asked[-1].body["messages"]).count("what about silk?") == 1


async def test_a_deleted_message_is_named_as_deleted_and_the_question_is_answered(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        await own.converse(channel, "hello")
        await own.bots.pop().kill()
        original = await own.ben.post(channel, "something rash")
        asked = await own.ann.post(channel, f"{own.mention} what is this?", reply_to=original["id"])
        await own.ben.delete(channel, original["id"])
        await own.start_bot()
        thread = await own.thread_of(asked)
        await own.answered(thread)
        await own.settled(asked)
        (quote,) = quotes(own)
        assert "this replies to a message that is not shown to you: it is deleted" in quote
        assert notices(own, thread) == [
            wording.small("I could not read the message that was replied to: it is deleted.")
        ]


async def test_security_a_link_that_everybody_here_may_read_is_opened_and_others_stay_links(
    world: World,
) -> None:
    channel, public, private = world.channel(), world.channel(), world.channel()
    shown = await world.ben.post(public, "the loom is in the attic")
    world.deny(private, bits.VIEW_CHANNEL, world.guild.id)
    for person in (world.ann.id, world.app.user_id):
        world.discord.set_overwrite(world.discord.world.channels[private], person, allow=bits.VIEW_CHANNEL)
    secret = await world.ann.post(private, "the key is under the mat")
    among_us = await world.ann.create_thread(channel, "among us", private=True)
    whispered = await world.ann.post(among_us["id"], f"<@{world.app.user_id}> we whisper")
    await world.settled(whispered)
    thread = await ask(world, channel, " ".join(link(world, each) for each in (shown, secret, whispered)))
    opened, kept, also_kept = quotes(world)
    assert said(opened) == [('from="Ben" username="ben"', "the loom is in the attic")]
    for_claude, for_people = MISSING[Missing.NOT_FOR_ALL]
    for quote in (kept, also_kept):
        assert said(quote) == []
        assert for_claude in quote
    sent = str(world.asked[-1].body)
    assert "under the mat" not in sent
    assert "we whisper" not in sent
    assert link(world, secret) in sent
    refusals = [
        f"I could not read the {which} linked message: {for_people}." for which in ("second", "third")
    ]
    assert notices(world, thread) == ["\n".join(map(wording.small, refusals))]


async def test_security_roles_decide_which_links_are_opened(world: World) -> None:
    discord = world.discord
    role = guilds.add_role(discord.world, world.guild, "staff", bits.VIEW_CHANNEL)
    discord.commit()
    staff = world.person("staff")
    discord.world.guilds[world.guild.id].members[staff.id].role_ids.append(role.id)
    rooms = [world.channel(), world.channel()]
    for channel in rooms:
        place = discord.world.channels[channel]
        discord.set_overwrite(place, world.guild.id, deny=bits.VIEW_CHANNEL)
        for who in (role.id, world.app.user_id):
            discord.set_overwrite(place, who, allow=bits.VIEW_CHANNEL)
    secret = await staff.post(rooms[0], "the salaries are paid")
    await ask(world, rooms[1], link(world, secret), staff)
    assert said(quotes(world)[0]) == [
        (f'from="Staff" username="{staff.user.username}"', "the salaries are paid")
    ]
    await ask(world, world.channel(), link(world, secret), staff)
    assert said(quotes(world)[0]) == []
    assert "salaries" not in str(world.asked[-1].body)


async def test_after_a_kill_the_same_bytes_are_sent_and_nothing_is_fetched_again(world: World) -> None:
    async with world.apart() as own:
        channel, thread = own.channel(), int((await own.ben.create_thread(own.channel(), "Looms"))["id"])
        shown = await own.ben.post(channel, "in the attic")
        await own.ben.post(thread, "said before")
        gate = own.claude.hold(None)
        asked = await own.ann.post(thread, f"{own.mention} see {link(own, shown)}")
        await gate.reached()
        await own.bots.pop().kill()
        before = len(fetches(own, shown))
        assert before == 2
        await own.ben.delete(channel, shown["id"])
        await own.start_bot()
        await gate.reached()
        gate.release()
        await own.settled(asked, 60)
        first, *_, last = own.asked
        assert first.body["messages"] == last.body["messages"]
        assert "in the attic" in str(last.body)
        assert "said before" in str(last.body)
        assert len(fetches(own, shown)) == before


def fetches(world: World, shown: dict[str, Any]) -> list[Any]:
    """The calls that are made for quotes only."""
    paths = (f"/messages/{shown['id']}", f"/members/{world.ann.id}")
    return [call for call in world.calls() if call.method == "GET" and call.path.endswith(paths)]


async def test_discord_refusing_a_read_fails_no_turn(world: World) -> None:
    thread = int((await world.ben.create_thread(world.channel(), "Looms"))["id"])
    await world.ben.post(thread, "said before")
    world.discord.faults.add(
        action="error",
        status=403,
        code=50001,
        method="GET",
        route=rf"/channels/{thread}/messages$",
        times=None,
    )
    await ask(world, thread, "hello")
    for_claude, for_people = MISSING[Missing.FORBIDDEN]
    assert for_claude in quotes(world)[0]
    assert notices(world, thread) == [wording.small(f"I could not read what was said before: {for_people}.")]
    assert len(world.replies(thread)) == 1


async def test_after_the_first_mention_is_deleted_the_next_message_shows_what_was_said_before(
    world: World,
) -> None:
    thread = int((await world.ben.create_thread(world.channel(), "Looms"))["id"])
    await world.ben.post(thread, "blue looms are best")
    first = await world.ann.post(thread, f"{world.mention} what?")
    await world.settled(first)
    await world.ann.delete(thread, first["id"])
    await world.bots[0].logged("message_deleted", message=int(first["id"]))
    await world.settled(await world.ann.post(thread, "which looms are best?"))
    (quote,) = quotes(world)
    assert [text for _, text in said(quote)] == ["blue looms are best", "I see."]
    await world.settled(await world.ann.post(thread, "why?"))
    assert quotes(world) == []
