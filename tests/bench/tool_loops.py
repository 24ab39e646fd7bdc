"""Tools: what a loop reads from the cache, what tools that are on and unused cost, what each set is in tokens.

A real bot, the local Claude with its cache, Discord and Redis on this machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from bot.local.simulator.claude import Reply, ToolUse
from tests.e2e.world import World
from tests.redis_server import redis_server

STEPS = 5
GOAL = 0.9
ROUNDS = 30
SETS: Mapping[str, Sequence[str]] = {
    "clock": ("time_in",),
    "server": ("search_messages", "read_messages", "server_facts", "member_facts"),
    "acts": ("create_poll", "add_reaction"),
    "reminders": ("set_reminder", "list_reminders", "cancel_reminder"),
    "memory": ("remember", "forget_memory"),
    "web": ("web_search", "web_fetch"),
    "code": ("code_execution",),
}
"""The sets of tools by what they are for; a set that this bot does not have is left out."""

ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/Lima", "Africa/Cairo", "Australia/Perth")
LONG_TEXT = "The warp is held by the reed, and the weft goes through the shed.\n\n" * 120
"""A reply after which a prompt is long enough for the cache of every model."""


@asynccontextmanager
async def world_of(*worlds: Sequence[str]) -> AsyncIterator[list[World]]:
    """A world for each list of tools, all on the same servers, each with a bot of its own."""
    with redis_server() as url:
        first = await World.build(url)
        try:
            async with AsyncExitStack() as stack:
                settings = [{"BOT_TOOLS__ON": json.dumps(list(names))} for names in worlds]
                yield [await stack.enter_async_context(first.apart(each)) for each in settings]
        finally:
            await first.close()


def share_read(usages: Sequence[Mapping[str, Any]]) -> float:
    """The share of the input that was read from the cache."""
    read: int = sum(each["cache_read_input_tokens"] for each in usages)
    whole: int = read + sum(each["cache_creation_input_tokens"] + each["input_tokens"] for each in usages)
    return read / whole


async def loop() -> tuple[float, float]:
    """Return what a loop in a conversation reads from the cache: all of its requests, and those after the first."""
    async with world_of(("time_in",)) as (world,):
        world.claude.say(LONG_TEXT)
        thread = await world.converse(world.channel(), "tell me of looms")
        await world.settled(thread)
        await world.settled(await world.ann.post(thread, "and of reeds"))
        before = len(world.asked)
        for zone in ZONES[:STEPS]:
            text = f"I look at the clock of {zone}, and say at some length why. " * 8
            world.claude.say(Reply.of(text, ToolUse("time_in", {"zone": zone})))
        world.claude.say("It is late everywhere.")
        await world.settled(await world.ann.post(thread, "what time is it there, in five places?"))
        usages = [call.usage for call in world.asked[before:] if call.usage is not None]
        assert len(usages) == STEPS + 1, f"{len(usages)} requests"
        return share_read(usages), share_read(usages[1:])


async def time_to_first_text() -> tuple[list[float], list[float]]:
    """Return the seconds from a message to the first text of the reply, without tools and with tools on, in turn."""
    async with world_of((), ("time_in",)) as worlds:
        took: tuple[list[float], list[float]] = ([], [])
        threads = [await world.converse(world.channel(), "hello") for world in worlds]
        for world, thread in zip(worlds, threads, strict=True):
            await world.settled(thread)
        for _ in range(ROUNDS):
            for world, thread, times in zip(worlds, threads, took, strict=True):
                count = len(world.replies(thread))
                asked_s = time.perf_counter()
                message = await world.ann.post(thread, "and now?")
                while len(world.replies(thread)) == count:  # noqa: ASYNC110 - another process makes it true
                    await asyncio.sleep(0.001)
                times.append(time.perf_counter() - asked_s)
                await world.settled(message)
        return took


async def tokens() -> dict[str, tuple[int, int]]:
    """Return for each set of tools how many there are, and the tokens that the set adds to a request."""
    names = list(SETS)
    found: dict[str, tuple[int, int]] = {}
    async with world_of((), *SETS.values()) as worlds:
        inputs = []
        for world in worlds:
            await world.settled(await world.converse(world.channel(), "hello"))
            call = world.asked[-1]
            usage = call.usage or {}
            fields = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
            inputs.append((len((call.body or {}).get("tools", ())), sum(usage[name] for name in fields)))
        (_, without), *others = inputs
        for name, (count, each) in zip(names, others, strict=True):
            if count:
                found[name] = count, each - without
    return found


async def figures() -> None:
    """Print each figure with its goal."""
    whole, after = await loop()
    missed = "" if whole >= GOAL else "  MISSED"
    print(  # noqa: T201
        f"A loop of {STEPS} steps in a conversation reads {whole:.1%} of its input from the cache "
        f"(goal {GOAL:.0%}){missed}; the requests after its first {after:.1%}."
    )
    without, with_tools = await time_to_first_text()
    added_ms = (statistics.median(with_tools) - statistics.median(without)) * 1000
    print(  # noqa: T201
        f"First text, {ROUNDS} turns each in turn, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors: "
        f"median {statistics.median(without) * 1000:.0f} ms without tools, "
        f"{statistics.median(with_tools) * 1000:.0f} ms with tools on and unused ({added_ms:+.0f} ms)."
    )
    print("Tokens that a set of tools adds to each request, by the count of the local Claude:")  # noqa: T201
    for name, (count, added) in (await tokens()).items():
        print(f"  {name:12} {count:2} tools {added:6,} tokens")  # noqa: T201


def main() -> None:
    """Print the figures."""
    asyncio.run(figures())


if __name__ == "__main__":
    main()
