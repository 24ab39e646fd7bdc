"""What messages refer to, as Claude gets it: replies, links and the room before the mention."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.commands.chat import CONTEXT_OF_PRIVATE_THREAD, CONTEXT_UNREADABLE, CONTEXT_WITHOUT_MESSAGE
from bot.conversation import wording
from bot.conversation.quoting import Missing
from bot.local.simulator.discord import guilds
from bot.local.simulator.discord import permissions as bits
from bot.turns.quote_outcome import MISSING
from tests.e2e.test_commands import answer
from tests.e2e.world import World
from tests.files import samples

pytestmark = pytest.mark.asyncio(loop_scope="session")


def blocks(world: World, request: int = -1) -> list[dict[str, Any]]:
    """The blocks of the newest message of a request."""
    found: list[dict[str, Any]] = world.asked[request].body["messages"][-1]["content"]
    return found


def quotes(world: World) -> list[str]:
    """The quotes of the newest message of the latest request."""
    texts = [block.get("text", "") for block in blocks(world)]
    return [text for text in texts if text.startswith("<quote ")]


def said(quote: str) -> list[tuple[str, str]]:
    """The attributes and the text of each message of a quote."""
    return re.findall(r'<said ([^\n]*?) at="[^"]*">\n(.*?)\n?</said>', quote, re.DOTALL)


def link(world: World, message: dict[str, Any]) -> str:
    return f"https://discord.com/channels/{world.guild.id}/{message['channel_id']}/{message['id']}"


def notices(world: World, place: int) -> list[str]:
    return [each["content"] for each in world.said(place) if each["content"].startswith(wording.SMALL)]


async def ask(world: World, channel: int, text: str, who: Any = None, **options: Any) -> int:
    """Mention the bot in a channel and wait for the end of the turn; returns the thread."""
    asked = await (who or world.ann).post(channel, f"{world.mention} {text}", **options)
    await world.settled(asked)
    return int(asked["id"])


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
