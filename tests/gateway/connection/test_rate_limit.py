"""What is counted and what waits on the wire to Discord."""

from __future__ import annotations

import asyncio

import pytest
from discord.http import Route

from bot.conversation.errors import DiscordTooOld
from bot.gateway.connection import rate_limit
from bot.gateway.connection.client import Client
from bot.gateway.outbox.outbox import DiscordOutbox
from bot.render.outbox import Change, Outgoing
from bot.render.pace import Kind, Pace
from bot.render.schedule import TOTAL_MAX_PER_S
from bot.telemetry.metrics import Metrics
from tests.gateway.conftest import Post
from tests.patience import idle_timeout


@pytest.mark.parametrize(
    ("path", "covered"),
    [
        ("/channels/1/messages", "/channels/1/messages"),
        ("/channels/1/messages?limit=2", "/channels/1/messages"),
        ("/interactions/1/token/callback", None),
        ("/webhooks/1/token/messages/@original", None),
    ],
)
def test_interactions_are_outside_the_limit_of_a_bot(path: str, covered: str | None) -> None:
    assert rate_limit.limited_path(Route.BASE + path) == covered


def test_files_and_the_gateway_are_outside_of_every_limit() -> None:
    assert rate_limit.limited_path("https://cdn.example.org/attachments/1/2/a.png") is None
    assert rate_limit.limited_path("wss://gateway.example.org/?v=10") is None


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/channels/7/messages", (0, Kind.READ)),
        ("POST", "/channels/7/messages", (7, Kind.PART)),
        ("PATCH", "/channels/7/messages/8", (7, Kind.PART)),
        ("DELETE", "/channels/7/messages/8", (0, Kind.OTHER)),
        ("POST", "/channels/7/messages/8/threads", (0, Kind.OTHER)),
    ],
)
def test_requests_that_nobody_announced_are_told_apart(
    method: str, path: str, expected: tuple[int, Kind]
) -> None:
    assert rate_limit.classify(method, path) == expected


async def test_whatever_is_called_at_once_is_never_refused(post: Post) -> None:
    threads = [
        post.discord.add_channel(guild, "c").id
        for guild in post.discord.world.guilds.values()
        for _ in range(70)
    ]
    client = Client()
    rate_limit.install(client, Metrics(), Pace())
    await client.login("outbox-token")
    outbox = DiscordOutbox(client, archive_minutes=60)
    before = len(post.discord.requests)
    try:
        await asyncio.gather(*(outbox.send(each, Outgoing("hello", "1")) for each in threads))
    finally:
        await client.close()
    statuses = [each.status for each in list(post.discord.requests)[before:]]
    assert statuses == [200] * 70


async def test_calls_that_all_fail_at_once_do_not_wait_for_each_other(post: Post) -> None:
    calls = TOTAL_MAX_PER_S
    guild = next(iter(post.discord.world.guilds.values()))
    threads = [post.discord.add_channel(guild, "c").id for _ in range(calls)]
    pace, client = Pace(), Client()
    rate_limit.install(client, Metrics(), pace)
    await client.login("outbox-token")
    outbox = DiscordOutbox(client, archive_minutes=60)
    post.discord.faults.add(action="status", method="POST", route="/messages$", status=503, times=calls)

    async def say(thread: int) -> None:
        async with pace.waited(thread, Kind.FIRST):
            await outbox.send(thread, Outgoing("hello", str(thread)))

    try:
        async with idle_timeout(10):
            await asyncio.gather(*map(say, threads))
    finally:
        await client.close()
    assert all(len(post.discord.messages(thread)) == 1 for thread in threads)


async def test_an_edit_of_what_is_too_old_is_told_at_once(post: Post) -> None:
    client = Client()
    rate_limit.install(client, Metrics(), Pace())
    await client.login("outbox-token")
    outbox = DiscordOutbox(client, archive_minutes=60)
    try:
        message = (await outbox.send(post.thread, Outgoing("hello", "1"))).id
        now = post.discord.world.clock
        post.discord.world.clock = lambda: now() + 3700
        async with idle_timeout(10):
            await outbox.edit(post.thread, message, Change("changed"))
            post.discord.world.old_edits[post.thread] *= 5
            with pytest.raises(DiscordTooOld):
                await outbox.edit(post.thread, message, Change("once too often"))
    finally:
        await client.close()
