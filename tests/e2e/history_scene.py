"""Long conversations, and what is stored of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

from tests.e2e.world import World

LONG_WORDS = 230
"""Some 750 tokens by the bot's estimate, and below Discord's 2000 characters."""


@asynccontextmanager
async def store_of(world: World) -> AsyncIterator[Redis]:
    """The Redis behind a world."""
    redis = Redis.from_url(world.redis_url, decode_responses=True)
    try:
        yield redis
    finally:
        await redis.aclose()


async def stored_turns(world: World, thread: int) -> list[str]:
    """The history of a conversation as it is stored."""
    async with store_of(world) as redis:
        found = await redis.lrange(f"{world.prefix}:{{{thread}}}:h", 0, -1)
    return [str(entry) for entry in found]


async def say(world: World, thread: int, text: str) -> Any:
    """Post something, wait for the end of its turn, and return the request it led to."""
    world.claude.say("Noted.")
    await world.settled(await world.ann.post(thread, text))
    return world.asked[-1]


async def begin(world: World, text: str) -> int:
    """Open a thread with something, and wait for the end of its turn."""
    world.claude.say("Noted.")
    asked = await world.ann.post(world.channel(), f"{world.mention} {text}")
    await world.settled(asked)
    return int(asked["id"])


def long_text(number: int) -> str:
    """A long message that can be told from others."""
    return f"begin-{number} " + "weaving " * LONG_WORDS + f"end-{number}"


def grows(before: Any, after: Any) -> bool:
    """Whether a request holds the one before, byte for byte but for the cache's marks, and goes on after it."""
    one, other = (json.dumps(unmarked(request.body["messages"])) for request in (before, after))
    return other.startswith(one[: -len("]}]")]) and len(other) > len(one)


def unmarked(messages: Any) -> Any:
    """The messages of a request without marks of the cache, which are no part of what it compares."""
    return [
        {
            **message,
            "content": [
                {name: value for name, value in block.items() if name != "cache_control"}
                for block in message["content"]
            ],
        }
        for message in messages
    ]


def cached_input(request: Any) -> int:
    """The tokens of a request that the next one can read from the cache."""
    return int(request.usage["cache_read_input_tokens"] + request.usage["cache_creation_input_tokens"])


def total_input(request: Any) -> int:
    """All tokens that a request was charged for reading, at whatever price."""
    usage = request.usage
    return int(
        usage["input_tokens"] + usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
    )
