"""A reply that goes on behind the steps of an earlier attempt, with a Claude in memory and a real store."""

from __future__ import annotations

import asyncio
from typing import cast

from redis.asyncio import Redis

from bot.claude.client import Claude
from bot.conversation.content import Opaque, Text
from bot.conversation.errors import BobbinError, ClaudeError, ClaudeRefusedRequest
from bot.conversation.request import PromptMessage, TextDelta
from bot.store.tool_steps import ToolStep
from bot.turns.metered_claude import MeteredClaude
from bot.turns.reply_stream import ReplyStream
from bot.turns.tool_loop import ToolLoop
from bot.turns.turn_cost import TurnCost
from tests.turns.stream_stage import END, PAYER, PRICES, QUESTION, PausingClaude
from tests.turns.tool_stage import Effect, ToolBench, call, said, tool

THINKING = Opaque('{"type": "thinking", "thinking": "", "signature": "c2ln"}')
SAID = PromptMessage("assistant", (THINKING, Text("I knock."), call("knock")))
REFUSED = ClaudeRefusedRequest("Invalid `signature` in `thinking` block")


def replying(claude: PausingClaude, loop: ToolLoop) -> ReplyStream:
    interrupt: asyncio.Future[BobbinError] = asyncio.Future()
    metered = MeteredClaude(cast("Claude", claude), PAYER, TurnCost(), PRICES)
    return ReplyStream(metered, interrupt, lambda _: None, lambda _: None, tools=loop)


async def test_thinking_that_is_not_valid_any_more_is_left_out_once_the_api_refuses_it(redis: Redis) -> None:
    bench = await ToolBench.begun(redis)
    await bench.steps.add(bench.claim, 0, ToolStep(SAID, "I knock."))
    bench = await bench.next_attempt()
    claude = PausingClaude([(REFUSED,), (TextDelta("Done."), END)])
    text, end = await replying(claude, bench.loop(tool("knock", Effect()))).reply(QUESTION)
    assert (text, end) == ("I knock.\n\nDone.", END)
    first, second = (request.messages[1].blocks for request in claude.requests)
    assert first == SAID.blocks
    assert second == SAID.blocks[1:]
    assert claude.requests[0].messages[2] == claude.requests[1].messages[2]


async def test_a_request_that_is_refused_for_the_result_of_a_tool_fails_and_keeps_the_question(
    redis: Redis,
) -> None:
    bench = await ToolBench.begun(redis)
    claude = PausingClaude([(TextDelta("I look."), said(call("knock"))), (REFUSED,)])
    text, end = await replying(claude, bench.loop(tool("knock", Effect()))).reply(QUESTION)
    assert text == "I look."
    assert isinstance(end, ClaudeError)
    assert not isinstance(end, ClaudeRefusedRequest)
