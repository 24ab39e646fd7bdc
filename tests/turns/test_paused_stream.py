"""Replies that pause and go on."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from bot.claude.client import Claude
from bot.conversation.errors import (
    ClaudeBusy,
    ClaudeRefusedRequest,
    Stopped,
)
from bot.conversation.request import (
    PromptMessage,
    TextDelta,
    Usage,
)
from bot.turns.metered_claude import MeteredClaude
from bot.turns.reply_stream import MOST_PAUSES, ReplyStream
from tests.turns.stream_stage import END, PAUSED, PAYER, PRICES, QUESTION, READ, pausing


async def test_a_paused_reply_goes_on_with_its_content_unchanged() -> None:
    claude, streamed = pausing((READ, TextDelta("I look. "), PAUSED), (TextDelta("Done."), END))
    stream = streamed.stream
    assert await stream.reply(QUESTION) == ("I look. \n\nDone.", END)
    assert streamed.pushed == ["I look. ", "\n\nDone."]
    assert claude.requests[1] == replace(
        QUESTION, messages=(*QUESTION.messages, PromptMessage("assistant", PAUSED.blocks))
    )
    # Both requests cost; only what the first has read stands in later requests.
    assert streamed.cost.total == 5 + 7
    assert (stream.used, stream.was_read) == (Usage(input=5), True)


async def test_a_reply_that_pauses_too_often_ends_as_paused() -> None:
    claude, streamed = pausing((TextDelta("Still. "), PAUSED))
    text, end = await streamed.stream.reply(QUESTION)
    assert (text, end) == ("\n\n".join(["Still. "] * (1 + MOST_PAUSES)), PAUSED)
    assert len(claude.requests) == 1 + MOST_PAUSES


async def test_a_reply_is_interrupted_behind_a_pause_too() -> None:
    claude, streamed = pausing((TextDelta("I look. "), PAUSED), (TextDelta("Never."), END))
    stopped = Stopped()

    def push(text: str) -> None:
        streamed.pushed.append(text)
        streamed.interrupt.set_result(stopped)

    metered = MeteredClaude(cast("Claude", claude), PAYER, streamed.cost, PRICES)
    stream = ReplyStream(metered, streamed.interrupt, push, streamed.statuses.append)
    text, end = await stream.reply(QUESTION)
    assert (text, end) == ("I look. ", stopped)
    assert len(claude.requests) == 1


async def test_paused_content_that_is_refused_leaves_the_paused_reply() -> None:
    _, streamed = pausing((TextDelta("I look. "), PAUSED), (ClaudeRefusedRequest(),))
    assert await streamed.stream.reply(QUESTION) == ("I look. ", PAUSED)


async def test_a_failure_behind_a_pause_ends_the_reply() -> None:
    busy = ClaudeBusy()
    _, streamed = pausing((TextDelta("I look. "), PAUSED), (busy,))
    assert await streamed.stream.reply(QUESTION) == ("I look. ", busy)
