"""How long a reply stands still when the bot that writes it is killed and another one takes over."""

from __future__ import annotations

import asyncio
import random
import statistics
import time

from bot.local.simulator.claude import Claude
from bot.local.simulator.claude.reply import Reply
from bot.local.simulator.discord import Discord
from tests.e2e.world import World
from tests.redis_server import redis_server

RUNS = 20
AT_ONCE = 4
PIECES = 200
PIECE_S = 0.2


async def takeover_s(discord: Discord, claude: Claude, redis_url: str, number: int) -> float:
    """Seconds from the kill of one of two bots, at a random moment of its reply, to the next change of that reply."""
    prefix = {"BOT_REDIS__PREFIX": f"bench{number}"}
    world = World.peopled(discord, claude, redis_url, f"bench-token-{number}", prefix)
    bots = await asyncio.gather(world.start_bot(), world.start_bot())
    try:
        asked = await world.ann.post(world.channel(), f"{world.mention} hello")
        thread = await world.thread_of(asked)
        await world.until(lambda: world.replies(thread))
        await asyncio.sleep(random.uniform(0.0, 6.0))
        (working,) = [bot for bot in bots if bot.log("turn_started", turn=thread)]
        (reply,) = world.replies(thread)
        message = int(reply["id"])
        await working.kill()
        killed_at, revisions = time.time(), len(discord.history(message))
        await world.until(lambda: len(discord.history(message)) > revisions, 60.0)
        return discord.history(message)[revisions].at - killed_at
    finally:
        for bot in bots:
            await bot.kill()


async def measure() -> list[float]:
    """The seconds of all runs."""
    discord, claude = Discord(), Claude()
    discord.gateway.identify_s = 0  # bots start right after each other
    claude.default = lambda _: Reply(tuple(f"piece {n} " for n in range(PIECES)), pause_s=PIECE_S)
    room = asyncio.Semaphore(AT_ONCE)
    with redis_server() as url:
        await discord.start()
        await claude.start()

        async def one(number: int) -> float:
            async with room:
                return await takeover_s(discord, claude, url, number)

        try:
            return await asyncio.gather(*(one(number) for number in range(RUNS)))
        finally:
            await claude.stop()
            await discord.stop()


def main() -> None:
    """Print each figure with its conditions."""
    seconds = sorted(asyncio.run(measure()))
    p50, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
    print(  # noqa: T201
        f"kill -9 of one of two bots, default settings (lease 6 s, heartbeat 2 s, poll 5 s), at a random moment of\n"
        f"a streamed reply, to the next change of that reply on Discord: {len(seconds)} runs, {AT_ONCE} at once:\n"
        f"  p50 {p50:.1f} s, p95 {p95:.1f} s, least {seconds[0]:.1f} s, most {seconds[-1]:.1f} s"
    )


if __name__ == "__main__":
    main()
