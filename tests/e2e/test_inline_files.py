"""Files whose bytes are part of the request."""

from __future__ import annotations

import io
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from PIL import Image
from redis.asyncio import Redis

from bot.store.keys import Keys
from tests.e2e.posted_files import ask
from tests.e2e.world import World
from tests.files import samples

pytestmark = pytest.mark.asyncio(loop_scope="session")


def unmarked(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block without its cache breakpoint."""
    return {name: value for name, value in block.items() if name != "cache_control"}


def noise(seed: int) -> bytes:
    """A JPEG of some hundred kilobytes that no other seed makes."""
    pixels = random.Random(seed).randbytes(800 * 600 * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (800, 600), pixels).save(out, "JPEG", quality=85)
    return out.getvalue()


@asynccontextmanager
async def redis_of(world: World) -> AsyncIterator[Redis]:
    """A client of the bot's server."""
    client: Redis = Redis.from_url(world.redis_url, decode_responses=True, encoding_errors="replace")
    try:
        yield client
    finally:
        await client.aclose()


INLINE = {"BOT_CLAUDE__FILES": "inline"}


async def test_inline_bytes_are_stored_once_and_sent_again_as_they_were(world: World) -> None:
    async with world.apart(INLINE) as own, redis_of(own) as redis:
        thread = await own.converse(own.channel(), "hello")
        picture = ("a.png", "image/png", samples.picture("PNG"))
        (_, image) = await ask(own, thread, "look", picture)
        assert image["source"]["type"] == "base64"
        first = own.asked[-1].body["messages"][-1]["content"][-1]["source"]
        await ask(own, thread, "and now?")
        await ask(own, thread, "again", picture)
        sent = own.asked[-1].body["messages"]
        sources = [block["source"] for message in sent for block in message["content"] if "source" in block]
        assert sources == [first, first]
        keys = Keys(own.prefix)
        stored = await redis.hgetall(keys.inline(thread))
        assert list(stored.values()) == [image["source"]["data"]]
        history = await redis.lrange(keys.history(thread), 0, -1)
        contents = await redis.hvals(keys.files(thread))
        assert not [text for text in (*history, *contents) if image["source"]["data"] in text]


async def test_beyond_the_cap_the_oldest_inline_file_becomes_a_text(world: World) -> None:
    async with world.apart({**INLINE, "BOT_FILES__INLINE_MB": "1"}) as own:
        thread = await own.converse(own.channel(), "hello")
        for seed in (1, 2, 3):
            await ask(own, thread, "look", (f"{seed}.jpg", "image/jpeg", noise(seed)))
        await own.bots[0].logged("inline_files_evicted")
        await ask(own, thread, "and now?")
        sent = [block for message in own.asked[-1].body["messages"] for block in message["content"]]
        assert [block["type"] for block in sent].count("image") == 2
        assert [block for block in sent if "no longer available" in block.get("text", "")]
        await ask(own, thread, "once more")
        later = [block for message in own.asked[-1].body["messages"] for block in message["content"]]
        assert [unmarked(block) for block in later[: len(sent)]] == [unmarked(block) for block in sent]
