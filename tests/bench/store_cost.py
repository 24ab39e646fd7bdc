"""What a turn costs in commands to Redis, counted by the server's MONITOR: those of scripts are inside one call.

And what it costs at every length of the past, counted on the wire: commands, round trips and bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from redis.asyncio import Redis

from bot.conversation.request import PromptMessage, Usage
from bot.conversation.turn import Turn, exchange
from bot.local.simulator.claude.reply import Reply
from bot.store.codec import dump_turn
from bot.store.keys import Keys
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy
from tests.redis_server import redis_server

IDLE_S = 20.0
PIECES = 100
PIECE_S = 0.2
LONG_TURNS = 10_000
LENGTHS = (10, 100, 1000, 10_000)
WINDOW_TURNS = 10
TURNS = 5
END = b"end-of-the-count"


@asynccontextmanager
async def monitored(url: str) -> AsyncIterator[Counter[str]]:
    """Count the commands that clients send, by name, without those that scripts call."""
    counts: Counter[str] = Counter()
    reader, writer = await asyncio.open_unix_connection(urlsplit(url).path)
    writer.write(b"MONITOR\r\n")
    await reader.readline()

    async def read() -> None:
        while (line := await reader.readline()) and END not in line:
            if b" lua]" not in line:
                counts[line.split(b'"')[1].decode().lower()] += 1

    reading = asyncio.create_task(read())
    try:
        yield counts
    finally:
        # What the server has done is told in order, so all of it has been told once this is.
        _, marking = await asyncio.open_unix_connection(urlsplit(url).path)
        marking.write(b"ECHO " + END + b"\r\n")
        await reading
        marking.close()
        writer.close()
        with contextlib.suppress(OSError, socket.error):
            await writer.wait_closed()


async def turns(world: World, thread: int, pieces: int, count: int) -> None:
    """Have some messages answered, one after the other."""
    for _ in range(count):
        world.claude.default = lambda _: Reply(
            tuple(f"piece {n} " for n in range(pieces)), pause_s=PIECE_S if pieces > 1 else 0.0
        )
        before = len(world.replies(thread))
        asked = await world.ann.post(thread, "and?")
        await world.answered(thread, before + 1, 60.0)
        await world.settled(asked)


async def lengthen(redis: Redis, world: World, thread: int, length: int, window: int) -> None:
    """Give a conversation a long past, of which the window has left most behind."""
    keys = Keys(world.prefix)
    entry = Turn(
        1,
        exchange(PromptMessage.of("user", "Ann: question"), "answer"),
        "answered",
        "claude-sonnet-5-5",
        12,
        8,
        Usage(),
        0,
        "",
    )
    for left in range(length, 0, -1000):
        await redis.lpush(keys.history(thread), *[dump_turn(entry)] * min(left, 1000))
    await redis.hset(keys.meta(thread), "cut", str(max(0, length - window)))


async def cost(url: str, world: World, thread: int, redis: Redis) -> list[str]:
    """The figures of one conversation."""
    async with monitored(url) as idle:
        await asyncio.sleep(IDLE_S)
    rate = sum(idle.values()) / IDLE_S
    loop = asyncio.get_running_loop()
    began = loop.time()
    await redis.config_resetstat()
    async with monitored(url) as short:
        await turns(world, thread, 1, TURNS)
    per_turn = (sum(short.values()) - rate * (loop.time() - began)) / TURNS
    took = (await redis.info("commandstats")).get("cmdstat_evalsha", {}).get("usec_per_call")
    began = loop.time()
    async with monitored(url) as long:
        await turns(world, thread, PIECES, 1)
    streamed_s = PIECES * PIECE_S
    per_s = (sum(long.values()) - rate * (loop.time() - began) - per_turn) / streamed_s
    return [
        f"  idle: {rate:.2f} per s {dict(idle)}",
        f"  per turn: {per_turn:.1f} above that {dict(short)} in {TURNS} turns; a script takes {took} µs",
        f"  per streamed second: {per_s:.2f} more, over {streamed_s:.0f} s {dict(long)}",
    ]


async def at_lengths() -> list[str]:
    """The figures of a turn in one message, by the turns that the history holds; the window holds WINDOW_TURNS."""
    lines = []
    with redis_server() as url:
        async with RedisProxy.before(url) as proxy:
            world = await World.build(url)
            redis: Redis = Redis.from_url(url, decode_responses=True)
            loop = asyncio.get_running_loop()
            try:
                await world.start_bot(REDIS_URL=proxy.url)
                before = proxy.traffic
                await asyncio.sleep(IDLE_S)
                idle = proxy.traffic.less(before).each(IDLE_S)
                for length in LENGTHS:
                    world.claude.default = lambda _: Reply(("hello",))
                    thread = await world.converse(world.channel(), "hello")
                    await lengthen(redis, world, thread, length, WINDOW_TURNS)
                    before, began = proxy.traffic, loop.time()
                    await turns(world, thread, 1, TURNS)
                    used = proxy.traffic.less(before).less(idle, loop.time() - began).each(TURNS)
                    lines.append(
                        f"  {length:6} turns: {used.commands:.1f} commands, {used.trips:.1f} round trips, "
                        f"{used.sent:,.0f} bytes written, {used.received:,.0f} bytes read"
                    )
            finally:
                await redis.aclose()
                await world.close()
    return lines


async def measure() -> list[str]:
    """All figures."""
    lines = []
    with redis_server() as url:
        world = await World.build(url)
        redis: Redis = Redis.from_url(url, decode_responses=True)
        try:
            await world.start_bot()
            world.claude.default = lambda _: Reply(("hello",))
            thread = await world.converse(world.channel(), "hello")
            lines += ["a conversation of one turn:", *await cost(url, world, thread, redis)]
            await lengthen(redis, world, thread, LONG_TURNS, 100)
            lines += [f"the same after {LONG_TURNS} turns:", *await cost(url, world, thread, redis)]
        finally:
            await redis.aclose()
            await world.close()
    return lines


def main() -> None:
    """Print each figure with its conditions."""
    lines = asyncio.run(at_lengths())
    print(  # noqa: T201
        f"What passes to and from Redis for a turn of one message, what an idle bot asks left out; mean of {TURNS} "
        f"turns, window of {WINDOW_TURNS};\ngoal: the same commands and round trips at every length, bytes bounded "
        "by the window:",
        *lines,
        sep="\n",
    )
    lines = asyncio.run(measure())
    print("Commands to Redis of one bot, default settings, by MONITOR:", *lines, sep="\n")  # noqa: T201


if __name__ == "__main__":
    main()
