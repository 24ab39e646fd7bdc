"""The messages of a thread for a file, from a local Discord: what people see, page by page, up to a limit."""

from __future__ import annotations

import pytest

from bot.conversation.clock import Clock
from bot.conversation.errors import DiscordForbidden, DiscordGone
from bot.conversation.export import Listing
from bot.gateway.connection import thread_listing
from bot.gateway.connection.calls import Calls
from bot.gateway.connection.thread_listing import ThreadListing
from bot.local.simulator.discord import permissions as bits
from tests.gateway.conftest import Post


async def listed(post: Post, thread: int, parent: int | None = None) -> Listing:
    guild = next(iter(post.discord.world.guilds.values()))
    return await ThreadListing(post.client, Calls(post.client, Clock()))(
        thread, guild=guild.id, parent=parent
    )


async def test_what_was_said_is_listed_from_the_beginning_without_system_messages(post: Post) -> None:
    started = await post.ann.post(post.channel, "how do looms work?")
    thread = int((await post.ann.create_thread(post.channel, "looms", from_message=started["id"]))["id"])
    await post.ann.post(thread, f"{post.ann.mention} asks")
    post.know()
    assert (
        len(post.discord.messages(thread)) == 2
    )  # the first is a system message that stands for the starter
    found = await listed(post, thread, post.channel)
    assert [each.text for each in found.messages] == ["how do looms work?", "@Ann asks"]
    assert found.is_whole
    assert found.messages[0].id == thread


async def test_the_latest_messages_are_listed_where_there_are_more_than_the_limit(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_listing, "LISTED_MAX", 150)
    for number in range(260):
        await post.ann.post(post.thread, str(number))
    found = await listed(post, post.thread, post.channel)
    assert [each.text for each in found.messages] == [str(number) for number in range(110, 260)]
    assert not found.is_whole
    calls = [
        call for call in post.discord.requests if call.path.endswith(f"/channels/{post.thread}/messages")
    ]
    assert len(calls) == 2


async def test_a_listing_that_takes_too_long_ends_with_what_it_has(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_listing, "LISTING_S", 0.0)
    await post.ann.post(post.thread, "hello")
    found = await listed(post, post.thread)
    assert (found.messages, found.is_whole) == ((), False)


async def test_a_missing_permission_and_a_deleted_thread_are_failures(post: Post) -> None:
    await post.ann.post(post.thread, "hello")
    post.deny(bits.READ_MESSAGE_HISTORY)
    post.know()
    with pytest.raises(DiscordForbidden) as refused:
        await listed(post, post.thread)
    assert refused.value.permission == "Read Message History"
    with pytest.raises(DiscordGone):
        await listed(post, post.thread + 1)
