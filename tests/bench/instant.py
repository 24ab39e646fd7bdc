"""What a turn takes whose reply comes at once: the processor's time of one message, from its event to its record.

`BENCH_TURNS` names another number of turns. Each message is in a thread of its own that the bot knows; Discord's
50 calls a second hold, so that the figure is the processor's time a turn, and the turns that one core could carry
follow from it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

import uvloop

from bot.local.simulator.claude.reply import Reply
from tests.bench._processor import processor_s
from tests.bench.scale import started
from tests.e2e.world import World
from tests.redis_server import redis_server

TURNS = 1000
THREADS = 100
PATIENCE_S = 120.0
# The buckets of what came before are full again.
REST_S = 6.0


async def measure(turns: int) -> list[str]:
    """Have so many messages answered in rounds over all threads; the first round is not counted."""
    with redis_server() as url:
        world = await World.build(url)
        try:
            bot = await started(world, BOT_RECOVERY__EVERY_S="120")  # the default
            world.claude.default = lambda _: Reply(("Yes, ", "it does."))
            app = world.discord.actor(world.app.user_id)
            threads = [
                int((await app.create_thread(world.channel(), f"thread {n}"))["id"]) for n in range(THREADS)
            ]
            people = [world.person(f"weaver{n}") for n in range(THREADS)]

            async def ask(number: int) -> None:
                for person, thread in zip(people, threads, strict=True):
                    await person.post(thread, f"{world.mention} and does the weft turn in row {number}?")
                await world.until(lambda: all(len(world.replies(t)) > number for t in threads), PATIENCE_S)

            await ask(0)
            await asyncio.sleep(REST_S)
            rounds, used_s, took_s, calls = max(1, turns // THREADS), 0.0, 0.0, len(world.calls())
            for number in range(1, rounds + 1):
                before_s, began_s = processor_s(bot.pid), time.monotonic()
                await ask(number)
                used_s += processor_s(bot.pid) - before_s
                took_s += time.monotonic() - began_s
                await asyncio.sleep(REST_S)
            count, calls = rounds * THREADS, len(world.calls()) - calls
            limited = sum(each.status == 429 for each in world.calls())
            return [
                f"{count:,} turns in {THREADS} threads, replies at once: {1000 * used_s / count:.1f} ms of the "
                f"processor a turn, so {count / used_s:.0f} turns a second on one core (goal 200)",
                f"  {calls / count:.2f} calls to Discord a turn, of which 50 a second are allowed: "
                f"{count / took_s:.0f} turns a second; 429s: {limited} (goal 0)",
            ]
        finally:
            await world.close()


def main() -> None:
    """Print each figure with its conditions."""
    sys.stdout.write(f"Load before {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n")
    turns = int(os.environ.get("BENCH_TURNS") or TURNS)
    sys.stdout.write("\n".join(uvloop.run(measure(turns))) + "\n")


if __name__ == "__main__":
    main()
