"""What the outbox promises about each call, against a Discord that does not always play along."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation.errors import DiscordForbidden, DiscordGone, DiscordRejected, DiscordUnavailable
from bot.render.outbox import Change, Outgoing
from bot.simulator.discord import permissions as bits
from tests.gateway.conftest import Post


def contents(post: Post) -> list[str]:
    """What stands in the thread."""
    return [m["content"] for m in post.discord.messages(post.thread) if m["content"]]


async def test_a_call_cancelled_within_a_global_limit_does_not_hold_up_all_others(post: Post) -> None:
    post.discord.faults.add(action="ratelimit", route="/typing", retry_after_s=30.0, scope="global")
    typing = asyncio.create_task(post.outbox.typing(post.thread))
    while post.client.http._global_over.is_set():  # noqa: ASYNC110 - discord.py sets off nothing that could be awaited
        await asyncio.sleep(0.01)
    typing.cancel()
    async with asyncio.timeout(5):
        await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))
    assert contents(post) == ["hello"]


async def test_a_post_repeated_after_a_lost_answer_is_one_message(post: Post) -> None:
    post.discord.faults.add(action="reset_after", method="POST", route="/messages$")
    first = (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id
    assert (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id == first
    assert contents(post) == ["hello"]


async def test_a_503_is_tried_again(post: Post) -> None:
    post.discord.faults.add(action="status", method="POST", route="/messages$", status=503)
    await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))
    assert contents(post) == ["hello"]


async def test_what_lasts_is_told_as_unavailable(post: Post) -> None:
    post.discord.faults.add(action="reset", method="PATCH", times=None)
    message = (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id
    with pytest.raises(DiscordUnavailable):
        await post.outbox.edit(post.thread, message, Change("changed"))


async def test_a_reply_to_a_message_that_is_gone_is_posted_without_it(post: Post) -> None:
    asked = await post.ann.post(post.thread, "hello?")
    await post.ann.delete(post.thread, asked["id"])
    await post.outbox.send(post.thread, Outgoing("hello", nonce="1", reply_to=int(asked["id"])))
    assert contents(post) == ["hello"]


async def test_an_edit_wakes_an_archived_thread(post: Post) -> None:
    message = (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id
    await post.ann.edit_thread(post.thread, archived=True)
    await post.outbox.edit(post.thread, message, Change("changed"))
    assert contents(post) == ["changed"]


async def test_what_is_gone_is_told_as_gone_except_for_a_delete(post: Post) -> None:
    message = (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id
    await post.outbox.delete(post.thread, message)
    await post.outbox.delete(post.thread, message)
    with pytest.raises(DiscordGone):
        await post.outbox.edit(post.thread, message, Change("changed"))
    await post.ann.delete_channel(post.thread)
    with pytest.raises(DiscordGone):
        await post.outbox.send(post.thread, Outgoing("hello", nonce="2"))


async def test_a_thread_that_is_open_already_is_no_error(post: Post) -> None:
    asked = await post.ann.post(post.channel, "hello?")
    await post.outbox.open_thread(post.channel, int(asked["id"]), "hello")
    await post.outbox.open_thread(post.channel, int(asked["id"]), "hello")
    assert post.discord.thread(asked["id"])["name"] == "hello"


async def test_reading_the_history_is_named_when_a_reply_needs_it(post: Post) -> None:
    channel = post.discord.world.channels[post.channel]
    post.discord.set_overwrite(channel, channel.guild_id or 0, deny=bits.READ_MESSAGE_HISTORY)
    asked = await post.ann.post(post.thread, "hello?")
    with pytest.raises(DiscordForbidden) as caught:
        await post.outbox.send(post.thread, Outgoing("hello", nonce="1", reply_to=int(asked["id"])))
    assert caught.value.permission == "Read Message History"


async def test_what_discord_calls_invalid_is_rejected_at_once(post: Post) -> None:
    with pytest.raises(DiscordRejected) as caught:
        await post.outbox.send(post.thread, Outgoing("x" * 2001, nonce="1"))
    assert caught.value.code == 50035


async def test_a_delete_wakes_an_archived_thread(post: Post) -> None:
    message = (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id
    await post.ann.edit_thread(post.thread, archived=True)
    await post.outbox.delete(post.thread, message)
    assert contents(post) == []
