"""Failures of calls to Discord: which are retried, and which errors the others become."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation.errors import (
    DiscordForbidden,
    DiscordGone,
    DiscordNotNow,
    DiscordRejected,
    DiscordUnavailable,
)
from bot.local.simulator.discord import permissions as bits
from bot.render.outbox import Change, Outgoing
from tests.gateway.conftest import Post


def contents(post: Post) -> list[str]:
    """The messages of the thread."""
    return [m["content"] for m in post.discord.messages(post.thread) if m["content"]]


async def test_a_call_that_is_cancelled_within_a_global_limit_does_not_block_the_others(post: Post) -> None:
    post.discord.faults.add(action="ratelimit", route="/typing", retry_after_s=5.0, scope="global")
    typing = asyncio.create_task(post.outbox.typing(post.thread))
    while post.client.http._global_over.is_set():  # noqa: ASYNC110 - discord.py sets off nothing that could be awaited
        await asyncio.sleep(0.01)
    typing.cancel()
    async with asyncio.timeout(5):
        await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))
    assert contents(post) == ["hello"]


async def test_a_503_is_retried(post: Post) -> None:
    post.discord.faults.add(action="status", method="POST", route="/messages$", status=503)
    await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))
    assert contents(post) == ["hello"]


async def test_an_outage_that_lasts_raises_unavailable(post: Post) -> None:
    post.discord.faults.add(action="reset", method="PATCH", times=None)
    message = (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id
    with pytest.raises(DiscordUnavailable):
        await post.outbox.edit(post.thread, message, Change("changed"))


async def test_a_call_after_the_session_was_closed_raises_unavailable(post: Post) -> None:
    message = (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id
    await post.client.http.close()
    with pytest.raises(DiscordUnavailable):
        await post.outbox.edit(post.thread, message, Change("changed"))


async def test_a_deleted_message_or_channel_raises_gone_except_for_a_delete(post: Post) -> None:
    message = (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id
    await post.outbox.delete(post.thread, message)
    await post.outbox.delete(post.thread, message)
    with pytest.raises(DiscordGone):
        await post.outbox.edit(post.thread, message, Change("changed"))
    await post.ann.delete_channel(post.thread)
    with pytest.raises(DiscordGone):
        await post.outbox.send(post.thread, Outgoing("hello", nonce="2"))


async def test_a_refused_reply_names_the_permission_to_read_the_history(post: Post) -> None:
    channel = post.discord.world.channels[post.channel]
    post.discord.set_overwrite(channel, channel.guild_id or 0, deny=bits.READ_MESSAGE_HISTORY)
    asked = await post.ann.post(post.thread, "hello?")
    with pytest.raises(DiscordForbidden) as caught:
        await post.outbox.send(post.thread, Outgoing("hello", nonce="1", reply_to=int(asked["id"])))
    assert caught.value.permission == "Read Message History"


async def test_an_invalid_message_is_rejected_without_a_retry(post: Post) -> None:
    with pytest.raises(DiscordRejected) as caught:
        await post.outbox.send(post.thread, Outgoing("x" * 2001, nonce="1"))
    assert (caught.value.status, caught.value.code) == (400, 50035)


async def test_an_error_has_the_status_and_the_code_of_the_answer(post: Post) -> None:
    post.discord.faults.add(action="error", method="POST", route="/messages$", status=403, code=50013)
    with pytest.raises(DiscordForbidden) as forbidden:
        await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))
    assert (forbidden.value.status, forbidden.value.code) == (403, 50013)
    post.discord.faults.add(action="status", method="POST", route="/messages$", status=503, times=5)
    with pytest.raises(DiscordUnavailable) as unavailable:
        await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))
    assert (unavailable.value.status, unavailable.value.code) == (503, 0)


@pytest.mark.parametrize("scope", ["user", "shared", "global", "cloudflare"])
async def test_a_call_that_is_banned_is_made_once(post: Post, scope: str) -> None:
    ban = post.discord.faults.add(action="ban", method="POST", retry_after_s=600.0, scope=scope)
    for _ in range(3):
        with pytest.raises(DiscordNotNow) as caught:
            await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))
        assert 590.0 < caught.value.for_s <= 600.0
        with pytest.raises(DiscordNotNow):
            post.outbox.ready(post.thread)
    assert ban.struck == 1


async def test_a_ban_of_one_route_does_not_cover_the_others(post: Post) -> None:
    asked = await post.ann.post(post.channel, "hello?")
    post.discord.faults.add(action="ban", method="POST", route="/threads$", retry_after_s=280.0)
    with pytest.raises(DiscordNotNow):
        await post.outbox.open_thread(post.channel, int(asked["id"]), "hello")
    with pytest.raises(DiscordNotNow):
        post.outbox.ready(post.channel, opens=True)
    post.outbox.ready(post.channel)
    await post.outbox.send(post.channel, Outgoing("later", nonce="1"))


async def test_a_global_ban_covers_edits_and_reads_too(post: Post) -> None:
    message = (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id
    ban = post.discord.faults.add(action="ban", retry_after_s=600.0, scope="cloudflare")
    for _ in range(2):
        with pytest.raises(DiscordNotNow):
            await post.outbox.edit(post.thread, message, Change("changed"))
        with pytest.raises(DiscordNotNow):
            await post.outbox.own_messages(post.thread, 0)
    await post.outbox.typing(post.thread)
    assert ban.struck == 1
