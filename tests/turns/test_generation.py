"""A request that a person stops before there is any text."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

from bot.claude.client import Claude
from bot.conversation import reply_wording
from bot.conversation.compose import compose
from bot.conversation.errors import BobbinError, ClaudeBusy, Stopped
from bot.conversation.request import Request
from bot.turns.generated import Generated
from bot.turns.prepare import Prepared, prepare
from bot.turns.reply_generator import ReplyGenerator
from bot.turns.turn_cost import TurnCost
from tests.conversation.builders import message
from tests.patience import idle_timeout
from tests.store.claims import changed
from tests.turns.stage import NOW, POLICY, TERMS, A, Bench, hear


async def test_a_stop_is_heard_while_the_tokens_are_counted(bench: Bench) -> None:
    generator = ReplyGenerator(cast("Claude", bench.claude), POLICY)
    interrupt: asyncio.Future[BobbinError] = asyncio.get_running_loop().create_future()
    await hear(bench, A)
    claim = await bench.claim()
    counting, cost = asyncio.Event(), TurnCost()

    async def count_tokens(_request: Request) -> int:
        counting.set()
        await asyncio.Event().wait()
        raise ClaudeBusy

    bench.claude.count_tokens = count_tokens  # type: ignore[attr-defined]
    long = changed(claim, messages=(message("word " * 2000, number=NOW - 10),))
    total = compose(TERMS, long.past, long.batch.messages, now_ms=0).total_tokens
    near = replace(TERMS, limit_tokens=total)
    prepared = await prepare(long)
    assert isinstance(prepared, Prepared)
    asking = asyncio.create_task(
        generator.generate(
            long,
            prepared,
            near,
            interrupt=interrupt,
            push=lambda _: None,
            show_status=lambda _: None,
            cost=cost,
        )
    )
    await counting.wait()
    interrupt.set_result(Stopped())
    async with idle_timeout(2):
        asked = await asking
    assert isinstance(asked, Generated)
    assert asked.conclusion.notices[0] == reply_wording.STOPPED_EARLY
    assert (cost.total, bench.claude.asked.is_set()) == (0, False)
