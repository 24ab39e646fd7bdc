"""Lists with an item that discord.py cannot parse."""

from __future__ import annotations

from typing import Any

import pytest

from bot.gateway.conversion import reading
from bot.render.outbox import Outgoing
from tests.gateway.conftest import Post

SPOILED: list[Any] = [
    {"author": None},
    {"attachments": {"0": 1}},
    {"embeds": [None]},
    {"mentions": [{}]},
    {"timestamp": "yesterday"},
    {"type": "odd"},
    {"id": "not a number"},
    {"components": 7},
]


def spoiled(first: dict[str, Any]) -> Any:
    """Have the newest message of each list changed."""

    def garble(answer: Any) -> Any:
        return [{**answer[0], **first}, *answer[1:]] if isinstance(answer, list) else answer

    return garble


@pytest.mark.parametrize("first", SPOILED, ids=str)
async def test_one_message_that_cannot_be_read_hides_no_other(post: Post, first: dict[str, Any]) -> None:
    for number in range(3):
        await post.ann.post(post.thread, f"message {number}")
    post.discord.faults.add(
        action="garble", method="GET", route="/messages$", times=None, garble=spoiled(first)
    )
    channel = await post.client.fetch_channel(post.thread)
    found = await reading.messages(post.client, channel, limit=10)  # type: ignore[arg-type] # it is a thread
    assert [message.content for message in found][-2:] == ["message 1", "message 0"]


@pytest.mark.parametrize("first", SPOILED, ids=str)
async def test_an_own_reply_is_found_behind_a_message_that_cannot_be_read(
    post: Post, first: dict[str, Any]
) -> None:
    asked = await post.ann.post(post.thread, "hello")
    reply = Outgoing("hi", nonce="1", reply_to=int(asked["id"]))
    sent = await post.outbox.send(post.thread, reply)
    await post.ann.post(post.thread, "odd")
    post.discord.faults.add(action="garble", method="GET", route="/messages$", garble=spoiled(first))
    (seen,) = await post.outbox.own_messages(post.thread, int(asked["id"]))
    assert (seen.id, seen.content, seen.reply_to) == (sent.id, "hi", int(asked["id"]))


@pytest.mark.parametrize(
    "spoiled_part", [{"attachments": None}, {"embeds": [None]}, {"components": [{}]}, {"mentions": None}]
)
async def test_an_own_reply_is_found_however_odd_it_is(post: Post, spoiled_part: dict[str, Any]) -> None:
    sent = await post.outbox.send(post.thread, Outgoing("hi", nonce="1"))
    post.discord.faults.add(action="garble", method="GET", route="/messages$", garble=spoiled(spoiled_part))
    (seen,) = await post.outbox.own_messages(post.thread, 1)
    assert (seen.id, seen.content) == (sent.id, "hi")


async def test_more_messages_than_a_page_holds_are_read_in_their_order(post: Post) -> None:
    for number in range(reading.PAGE + 5):
        await post.ann.post(post.thread, str(number))
    channel = await post.client.fetch_channel(post.thread)
    found = await reading.messages(post.client, channel, limit=reading.PAGE + 3)  # type: ignore[arg-type]
    numbers = list(reversed(range(2, reading.PAGE + 5)))
    assert [int(message.content) for message in found] == numbers
    after = found[3].id
    assert len(await reading.messages(post.client, channel, limit=50, after=after)) == 3  # type: ignore[arg-type]
    before = [
        message
        async for page in reading.pages_after(post.client, post.thread, found[-1].id)
        for message in page
    ]
    assert [int(data["content"]) for data in before] == list(reversed(numbers[:-1]))


@pytest.mark.parametrize("odd", [{"type": 4711}, {"name": None, "id": None}, {"permission_overwrites": [{}]}])
async def test_a_channel_that_cannot_be_read_hides_no_other(post: Post, odd: dict[str, Any]) -> None:
    post.discord.faults.add(
        action="garble",
        method="GET",
        route="/channels$",
        garble=lambda answer: [{**answer[0], **odd}, *answer],
    )
    guild = await post.client.fetch_guild(next(iter(post.discord.world.guilds)))
    found = await reading.channels(guild)
    assert post.channel in {channel.id for channel in found}


async def test_a_thread_that_cannot_be_read_hides_no_other(post: Post) -> None:
    def garble(answer: Any) -> Any:
        return {**answer, "threads": [{**answer["threads"][0], "thread_metadata": {}}, *answer["threads"]]}

    post.discord.faults.add(action="garble", method="GET", route="/threads/active$", garble=garble)
    guild = await post.client.fetch_guild(next(iter(post.discord.world.guilds)))
    assert [thread.id for thread in await reading.active_threads(guild)] == [post.thread]


def test_security_what_is_logged_of_something_unreadable_holds_nothing_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert (
        reading.parse_each("message", [{"id": "secret", "content": "secret"}, "secret"], lambda d: d["no"])
        == []
    )
    logged = capsys.readouterr().out
    assert "discord_item_unreadable" in logged
    assert "secret" not in logged
