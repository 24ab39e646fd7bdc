"""What many conversations cost that nobody is using, and how long a start takes that finds much missed.

`BENCH_STORED` names other numbers of stored conversations, `BENCH_MISSED` another number of threads with a missed
message.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter

from redis.asyncio import Redis

from bot.local.simulator.claude.reply import Reply
from tests.bench._population import memory_used, own_keys, populate
from tests.bench._processor import processor_s
from tests.bench._samples import deltas
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import MANY_THREADS, MANY_TURNS, World
from tests.redis_server import redis_server
from tests.resident import peak_mb, resident_mb

STORED = (1000, 100_000)
MISSED = 1000
IDLE = 500
TEMPLATE_TURNS = 4
SETTLED_S = 20.0
GOAL_MB = 150
DURABLE = ("--appendonly", "yes", "--appendfsync", "everysec")
SETTINGS = {
    **MANY_THREADS,
    **MANY_TURNS,
    # A thread is idle once a sweep has come by.
    "BOT_RECOVERY__EVERY_S": "5",
    "BOT_REPLY__TITLES": "message",
    # Nobody has that much to say in a minute; the limits are not what is measured.
    "BOT_BUDGETS__PERSON": "",
    "BOT_BUDGETS__CHANNEL": "",
    "BOT_BUDGETS__SERVER": "",
}


async def started(world: World, **settings: str) -> BotProcess:
    """Start a bot in an interpreter of its own, whose memory is shared with nothing."""
    bot = await BotProcess.start(world.environment(**{**SETTINGS, **settings}), "--strict", fresh=True)
    world.bots.append(bot)
    await bot.said("discord_ready")
    return bot


async def template(world: World) -> int:
    """Have a conversation of TEMPLATE_TURNS turns, with replies as models write them."""
    numbers = iter(range(1, TEMPLATE_TURNS + 1))
    world.claude.default = lambda _: Reply(tuple(deltas(next(numbers), 4)))
    thread = await world.converse(world.channel(), "how do I warp a loom?")
    for number in range(2, TEMPLATE_TURNS + 1):
        before = len(world.replies(thread))
        asked = await world.ann.post(thread, f"and what comes after step {number}?")
        await world.answered(thread, before + 1)
        await world.settled(asked)
    return thread


async def listed(world: World) -> None:
    """Wait until neither archived threads nor messages have been listed for a while."""
    before = -1
    while (seen := sum(each.route.endswith(("/public", "/messages")) for each in world.calls())) != before:
        before = seen
        await asyncio.sleep(SETTLED_S)


async def stored(count: int) -> list[str]:
    """Measure a bot that starts before a store with so many conversations, and is then left alone."""
    with redis_server(None, *DURABLE) as url:
        world = await World.build(url)
        redis = Redis.from_url(url)
        try:
            bot = await started(world)
            thread = await template(world)
            await bot.stop()
            world.bots.clear()
            held = sum(
                [
                    int(await redis.memory_usage(name) or 0)
                    for name in await own_keys(redis, world.prefix, thread)
                ]
            )
            before = await memory_used(redis)
            await populate(redis, world, thread, count)
            bytes_each = (await memory_used(redis) - before) / count
            world.discord.requests.clear()
            began, bot = time.monotonic(), await started(world)
            ready_s = time.monotonic() - began
            await listed(world)
            calls = Counter(each.route for each in world.calls())
            used = processor_s(bot.pid)
            await asyncio.sleep(SETTLED_S)
            share = 100 * (processor_s(bot.pid) - used) / SETTLED_S
            return [
                f"{count:,} stored conversations of {TEMPLATE_TURNS} turns, {len(calls)} kinds of calls to Discord "
                f"at the start: {dict(calls.most_common(4))}",
                f"  memory of the bot {resident_mb(bot.pid):.0f} MB (goal <= {GOAL_MB}), at its peak "
                f"{peak_mb(bot.pid):.0f} MB; ready after {ready_s:.1f} s; at rest {share:.1f} % of a core",
                f"  Redis: {bytes_each:,.0f} bytes a conversation, {bytes_each / TEMPLATE_TURNS:,.0f} a turn "
                f"({held:,} bytes by MEMORY USAGE before the archive of its records)",
            ]
        finally:
            await redis.aclose()
            await world.close()


async def missed(count: int, idle: int) -> list[str]:
    """Measure a start that finds a missed message in each of `count` active threads, and none in `idle` others."""
    with redis_server(None, *DURABLE) as url:
        world = await World.build(url)
        try:
            bot = await started(world)
            world.claude.default = lambda _: Reply(("Yes, ", "it does."))
            app = world.discord.actor(world.app.user_id)
            channel = world.channel()
            threads = [
                int((await app.create_thread(channel, f"thread {n}"))["id"]) for n in range(count + idle)
            ]
            people = [world.person(f"weaver{n}") for n in range(200)]
            for number, thread in enumerate(threads):
                await people[number % len(people)].post(thread, f"{world.mention} hello")
            await world.until(lambda: all(world.replies(each) for each in threads), 120.0)
            await listed(world)
            await bot.stop()
            world.bots.clear()
            for number, thread in enumerate(threads[:count]):
                await people[number % len(people)].post(thread, f"{world.mention} and does the weft turn?")
            world.discord.requests.clear()
            asked = len(world.claude.requests)
            began = time.monotonic()
            bot = await started(world)
            ready_s, ready_cpu_s = time.monotonic() - began, processor_s(bot.pid)
            await world.until(lambda: all(len(world.replies(each)) >= 2 for each in threads[:count]), 300.0)
            took_s, used_s = time.monotonic() - began, processor_s(bot.pid) - ready_cpu_s
            await asyncio.sleep(SETTLED_S)
            idle_ids = {str(each) for each in threads[count:]}
            calls = world.calls()
            of_idle = sum(1 for each in calls if idle_ids & set(each.path.split("/")))
            limited = sum(each.status == 429 for each in calls)
            wrong = sum(len(world.replies(each)) != 2 for each in threads[:count])
            return [
                f"{count:,} active threads with a missed message beside {idle:,} without: ready after "
                f"{ready_s:.1f} s, all answered after {took_s:.1f} s, {wrong} of them not exactly once (goal 0), "
                f"{len(world.claude.requests) - asked:,} requests to Claude",
                f"  {len(calls) / count:.2f} calls to Discord a missed message, of which 50 a second are allowed; "
                f"{of_idle} for the idle threads (goal 0); 429s: {limited} (goal 0); "
                f"{1000 * used_s / count:.0f} ms of the processor a reply",
            ]
        finally:
            await world.close()


def numbers(variable: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """Return the numbers that an environment variable lists."""
    return (
        tuple(int(each) for each in os.environ[variable].split(",")) if os.environ.get(variable) else default
    )


def main() -> None:
    """Print each figure with its conditions."""
    print(f"Load before {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)  # noqa: T201
    for count in numbers("BENCH_STORED", STORED):
        print("\n".join(asyncio.run(stored(count))), flush=True)  # noqa: T201
    for count in numbers("BENCH_MISSED", (MISSED,)):
        print("\n".join(asyncio.run(missed(count, min(IDLE, count)))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
