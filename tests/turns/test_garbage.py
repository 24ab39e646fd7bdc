"""A turn that has ended leaves nothing to the collector of cycles, which would keep its history until it comes by."""

from __future__ import annotations

import asyncio

from tests.garbage import cycles_of_bot
from tests.turns.stage import CODE, A, B, Bench, hear


async def at_rest() -> None:
    """Let the tasks that a turn has ended come to their end."""
    while len(asyncio.all_tasks()) > 1:
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})


async def test_an_answered_turn_leaves_no_cycles(bench: Bench) -> None:
    bench.claude.answer = (
        f"# Looms\n\n| a | b |\n|---|---|\n| *1* | `2` |\n\n{CODE}\n\n1. **warp**\n2. [weft](https://a.b)\n"
    )
    await hear(bench, A)
    await bench.turn()
    with cycles_of_bot() as cycles:
        await hear(bench, B)
        await bench.turn()
        await at_rest()
    assert cycles == []
