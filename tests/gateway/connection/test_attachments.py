"""Downloads of attachments from a local Discord."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from discord.http import Route

from bot.conversation.message import Attachment
from bot.files.result import Problem
from bot.gateway.connection import attachments as module
from bot.gateway.connection.attachments import Attachments
from bot.local.simulator.discord import stickers
from bot.retry import Schedule
from tests.gateway.conftest import Post

DATA = b"twenty bytes of text"


async def posted(post: Post) -> tuple[int, Attachment]:
    """A message with a file, and its attachment."""
    message: dict[str, Any] = await post.ann.post(
        post.thread, "look", attachments=[("a.txt", "text/plain", DATA)]
    )
    (file,) = message["attachments"]
    return int(message["id"]), Attachment(int(file["id"]), "a.txt", "text/plain", len(DATA), file["url"])


async def test_an_attachment_is_downloaded(post: Post) -> None:
    message, attachment = await posted(post)
    assert await Attachments(post.client, bytes_max=20).download(post.thread, message, attachment) == DATA


@pytest.mark.parametrize(
    "name", ["a*b|c.txt", "a\" <b>'(1)!~.txt", "Wolle & Größe 50%.txt", "a+b=c;d@e,f$.txt"]
)
async def test_the_address_of_an_attachment_is_sent_as_discord_signed_it(post: Post, name: str) -> None:
    message = await post.ann.post(post.thread, "look", attachments=[(name, "text/plain", DATA)])
    (file,) = message["attachments"]
    attachment = Attachment(int(file["id"]), name, "text/plain", len(DATA), file["url"])
    attachments = Attachments(post.client, bytes_max=20)
    assert await attachments.download(post.thread, int(message["id"]), attachment) == DATA


async def test_an_attachment_whose_url_has_expired_or_is_unknown_is_downloaded_by_a_fresh_one(
    post: Post,
) -> None:
    message, attachment = await posted(post)
    attachments = Attachments(post.client, bytes_max=20)
    for url in ("", attachment.url.replace("ex=", "ex=1")):
        assert await attachments.download(post.thread, message, replace(attachment, url=url)) == DATA


async def test_an_attachment_is_too_large_by_its_size_or_by_what_comes(post: Post) -> None:
    message, attachment = await posted(post)
    attachments = Attachments(post.client, bytes_max=19)
    for size in (len(DATA), 1):
        assert (
            await attachments.download(post.thread, message, replace(attachment, size_bytes=size))
            is Problem.TOO_LARGE
        )


async def test_a_message_that_is_gone_makes_its_file_unavailable(post: Post) -> None:
    message, attachment = await posted(post)
    await post.ann.delete(post.thread, message)
    attachments = Attachments(post.client, bytes_max=20)
    assert await attachments.download(post.thread, message, attachment) is Problem.UNAVAILABLE


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/cdn/a.txt",
        "https://example.org/attachments/1/2/a.txt",
        "https://cdn.discordapp.com.example.org/attachments/1/2/a.txt",
    ],
)
async def test_nothing_is_fetched_from_another_host(post: Post, url: str) -> None:
    message, attachment = await posted(post)
    attachments = Attachments(post.client, bytes_max=20)
    assert (
        await attachments.download(post.thread, message, replace(attachment, url=url)) is Problem.UNAVAILABLE
    )


async def test_with_discords_own_api_only_its_hosts_are_asked(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, attachment = await posted(post)
    monkeypatch.setattr(Route, "BASE", "https://discord.com/api/v10")
    assert (
        await Attachments(post.client, bytes_max=20).download(post.thread, message, attachment)
        is Problem.UNAVAILABLE
    )


async def test_a_stickers_picture_is_downloaded_from_the_configured_server(post: Post) -> None:
    guild = next(iter(post.discord.world.guilds.values()))
    for format_type, host, ending in (
        (stickers.PNG, "cdn.discordapp.com", "png"),
        (stickers.GIF, "media.discordapp.net", "gif"),
    ):
        made = post.discord.add_sticker(guild, "wave", DATA, format_type)
        url = f"https://{host}/stickers/{made.id}.{ending}"
        sticker = Attachment(made.id, f"wave.{ending}", "image/png", 0, url)
        message = await post.ann.post(post.thread, "", sticker_ids=[made.id])
        attachments = Attachments(post.client, bytes_max=20)
        assert await attachments.download(post.thread, int(message["id"]), sticker) == DATA


async def test_a_fresh_url_of_a_forwarded_file_is_that_of_the_copy(post: Post) -> None:
    original, attachment = await posted(post)
    forward = await post.ann.forward(post.thread, post.thread, original)
    await post.ann.delete(post.thread, original)
    attachments = Attachments(post.client, bytes_max=20)
    expired = replace(attachment, url=attachment.url.replace("ex=", "ex=1"))
    assert await attachments.download(post.thread, int(forward["id"]), expired) == DATA


@asynccontextmanager
async def host(
    answer: Callable[[web.Request, int], Awaitable[web.StreamResponse]], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Attachment, list[str]]]:
    """A server in place of Discord's, whose requests are counted from 1: an attachment on it, and its requests."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return await answer(request, len(asked))

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    name, port = runner.addresses[0][:2]
    monkeypatch.setattr(Route, "BASE", f"http://{name}:{port}/api/v10")
    monkeypatch.setattr(module, "AGAIN", Schedule(0.0, tries=3))
    try:
        yield Attachment(1, "a.txt", "text/plain", 4, f"http://{name}:{port}/a.txt"), asked
    finally:
        await runner.cleanup()


async def downloaded(post: Post, attachment: Attachment, bytes_max: int = 100) -> bytes | Problem:
    return await Attachments(post.client, bytes_max=bytes_max).download(post.thread, 1, attachment)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_host_that_fails_for_now_is_asked_again(
    post: Post, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    async def answer(_: web.Request, number: int) -> web.StreamResponse:
        return web.Response(status=status) if number < 3 else web.Response(body=DATA)

    async with host(answer, monkeypatch) as (attachment, asked):
        assert await downloaded(post, attachment) == DATA
        assert len(asked) == 3


async def test_a_host_that_breaks_off_is_asked_again_and_not_for_ever(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(request: web.Request, _: int) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "20"})
        await response.prepare(request)
        await response.write(b"twenty")
        assert request.transport is not None
        request.transport.close()
        return response

    async with host(answer, monkeypatch) as (attachment, asked):
        assert await downloaded(post, attachment) is Problem.UNAVAILABLE
        assert len(asked) == 3


async def test_a_redirection_is_not_followed(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(request: web.Request, _: int) -> web.StreamResponse:
        raise web.HTTPFound(f"{request.url.origin()}/elsewhere")

    async with host(answer, monkeypatch) as (attachment, asked):
        assert await downloaded(post, attachment) is Problem.UNAVAILABLE
        assert asked == ["/a.txt"]


async def test_the_cap_holds_without_a_length_and_for_what_is_compressed(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(request: web.Request, number: int) -> web.StreamResponse:
        if number == 1:
            return web.Response(body=gzip.compress(bytes(10_000_000)), headers={"Content-Encoding": "gzip"})
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(bytes(1000))
        return response

    async with host(answer, monkeypatch) as (attachment, asked):
        for _ in range(2):
            assert await downloaded(post, attachment) is Problem.TOO_LARGE
        assert len(asked) == 2


async def test_a_host_that_stalls_is_not_waited_for(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(request: web.Request, _: int) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"a")
        await asyncio.Event().wait()
        return response

    monkeypatch.setattr(module, "TIMEOUT_S", 0.1)
    async with host(answer, monkeypatch) as (attachment, asked):
        assert await downloaded(post, attachment) is Problem.UNAVAILABLE
        assert asked == ["/a.txt"]


@pytest.mark.parametrize("url", ["http://[", "no address", "//"])
async def test_what_is_no_url_makes_a_file_unavailable(post: Post, url: str) -> None:
    message, attachment = await posted(post)
    found = await Attachments(post.client, bytes_max=20).download(
        post.thread, message, replace(attachment, url=url)
    )
    assert found is Problem.UNAVAILABLE
