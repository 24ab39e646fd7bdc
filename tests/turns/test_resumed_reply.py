"""A reply that goes on behind the steps of an earlier attempt, with a Claude in memory and a real store."""

from __future__ import annotations

import asyncio
from typing import cast

from redis.asyncio import Redis

from bot.claude.client import Claude
from bot.conversation.content import Opaque, Text, ToolResult, text_of
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


async def test_steps_that_the_api_refuses_are_told_in_words(redis: Redis) -> None:
    bench = await ToolBench.begun(redis)
    await bench.steps.add(bench.claim, 0, ToolStep(SAID, "I knock."))
    bench = await bench.next_attempt()
    claude = PausingClaude([(REFUSED,), (TextDelta("Done."), END)])
    text, end = await replying(claude, bench.loop(tool("knock", Effect()))).reply(QUESTION)
    assert (text, end) == ("I knock.\n\nDone.", END)
    first, second = claude.requests
    assert first.messages[1] == SAID
    assert second.messages[0] == first.messages[0]
    assert second.messages[1] == PromptMessage.of("assistant", "I knock.")
    (result,) = first.messages[2].blocks
    assert isinstance(result, ToolResult)
    assert text_of(result.content) in text_of(second.messages[2].blocks)


async def test_a_call_that_is_repeated_behind_steps_in_words_takes_effect_and_is_named_once(
    redis: Redis,
) -> None:
    bench = await ToolBench.begun(redis)
    await bench.steps.add(bench.claim, 0, ToolStep(SAID, "I knock."))
    bench = await bench.next_attempt()
    effect = Effect()
    claude = PausingClaude([(REFUSED,), (said(call("knock")),), (TextDelta("Done."), END)])
    stream = replying(claude, bench.loop(tool("knock", effect, changes=True)))
    assert await stream.reply(QUESTION) == ("I knock.\n\nDone.", END)
    assert len(effect.made) == 1
    assert [each.tool for each in stream.consulted] == ["knock"]
    assert len(await bench.steps.of(bench.claim)) == 2, "the journal begins anew"


async def test_a_request_that_is_refused_for_the_result_of_a_tool_fails_and_keeps_the_question(
    redis: Redis,
) -> None:
    bench = await ToolBench.begun(redis)
    claude = PausingClaude([(TextDelta("I look."), said(call("knock"))), (REFUSED,)])
    text, end = await replying(claude, bench.loop(tool("knock", Effect()))).reply(QUESTION)
    assert text == "I look."
    assert isinstance(end, ClaudeError)
    assert not isinstance(end, ClaudeRefusedRequest)
