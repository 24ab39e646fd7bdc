"""How soon text is seen: the real bot in front of a Discord with its true limits and a Claude that streams.

Threads start at the same instant. Discord, Claude, the bot and its store are processes of their own. Replies are
Markdown as models write it, and a shown reply must be what the draft makes of it. `BENCH_FULL=1` switches on tools,
limits and encryption; `BENCH_THREADS` and `BENCH_DELTAS` choose among the sizes, 1,000 threads besides.
"""

from __future__ import annotations

import os

import uvloop

from tests.bench._figures import GLOBAL_PER_S, ROUND_TRIP_S, Figures, report
from tests.bench._samples import TOKENS
from tests.bench._stage import REPLY_S, stage
from tests.redis_server import redis_server

# Threads, and how often: a figure of one thread means little.
SIZES = ((1, 5), (20, 2), (200, 1))
# Measured if BENCH_THREADS names it: the people of a whole network of servers at the same instant.
CROWD = 1000
OPENINGS = 5
# Tokens per delta: one is what the API sends, four is what it sends under load.
DELTAS = (1, 4)
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


async def measure() -> None:
    """Measure every size and print it."""
    load = os.getloadavg()[0]
    print(  # noqa: T201
        f"Replies of {TOKENS} tokens, which take Claude {REPLY_S:.0f} s, in threads that start at the same instant; "
        f"Discord with {1000 * ROUND_TRIP_S:.0f} ms round trip, 5 calls per 5 s and channel, {GLOBAL_PER_S} per s "
        f"and bot;\n{os.cpu_count()} cores for the bot, Claude, Discord and the store; load before {load:.1f}",
        flush=True,
    )
    sizes = chosen("BENCH_THREADS")
    deltas = chosen("BENCH_DELTAS")
    with redis_server(None, *DURABLE) as url:
        async with stage(url) as found:
            await found.round(Figures(1))  # everything is loaded and connected
            for threads, rounds in (*SIZES, *(((CROWD, 1),) if CROWD in sizes else ())):
                for tokens in DELTAS:
                    if (sizes and threads not in sizes) or (deltas and tokens not in deltas):
                        continue
                    figures = Figures(threads, tokens)
                    for _ in range(rounds):
                        await found.round(figures)
                    print("\n".join(report(figures)), flush=True)  # noqa: T201
            if not sizes or 0 in sizes:
                opening = Figures(1, opens=True)
                for _ in range(OPENINGS):
                    await found.round(opening)
                print("\n".join(report(opening)), flush=True)  # noqa: T201


def chosen(variable: str) -> set[int]:
    """The numbers that an environment variable lists; none for all."""
    return {int(number) for number in os.environ.get(variable, "").split(",") if number}


def main() -> None:
    """Print each figure with its conditions and its goal.

    BENCH_THREADS=1,20 chooses sizes, 0 new threads; BENCH_DELTAS=1 the tokens per delta.
    """
    uvloop.run(measure())


if __name__ == "__main__":
    main()
