"""What is received from Claude until an interrupt: with a Claude in memory."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation import status_wording
from bot.conversation.content import Opaque
from bot.conversation.errors import (
    ClaudeBusy,
    ClaudeError,
    ClaudeUnreachable,
    Stopped,
)
from bot.conversation.request import (
    BlockStarted,
    NewAttempt,
    StreamEvent,
    TextDelta,
    Usage,
    Waiting,
)
from bot.conversation.request_cost import Purpose, RequestCost
from bot.turns.turn_cost import TurnCost
from tests.turns.stream_stage import (
    END,
    PAUSED,
    PAYER,
    QUESTION,
    READ,
    REQUEST,
    FakeClaude,
    Streamed,
    pausing,
)


async def test_a_reply_is_pushed_as_it_comes_and_its_use_is_counted() -> None:
    streamed = Streamed(FakeClaude((BlockStarted("thinking"), TextDelta("One "), TextDelta("two."), END)))
    assert await streamed.stream.reply(REQUEST) == ("One two.", END)
    assert (streamed.pushed, streamed.statuses) == (["One ", "two."], [status_wording.THINKING])
    assert streamed.cost.total == 7


async def test_a_block_that_has_no_line_of_its_own_shows_none() -> None:
    streamed = Streamed(
        FakeClaude((BlockStarted("a_new_block"), BlockStarted(""), TextDelta("One."), END), ends=True)
    )
    assert await streamed.stream.reply(REQUEST) == ("One.", END)
    assert streamed.statuses == []


async def test_a_reply_that_is_interrupted_ends_with_what_was_said_and_nobody_knows_its_cost() -> None:
    streamed = Streamed(FakeClaude((TextDelta("Half of"),)))
    replying = asyncio.create_task(streamed.stream.reply(REQUEST))
    await streamed.claude.silent.wait()
    stopped = Stopped()
    streamed.interrupt.set_result(stopped)
    assert await replying == ("Half of", stopped)
    assert streamed.cost.unknown == 1


async def test_nothing_is_asked_of_claude_once_the_turn_is_interrupted() -> None:
    streamed = Streamed(FakeClaude((TextDelta("Too late."), END)))
    stopped = Stopped()
    streamed.interrupt.set_result(stopped)
    assert await streamed.stream.count(REQUEST) is None
    assert await streamed.stream.summary(REQUEST) == (None, ())
    assert await streamed.stream.reply(REQUEST) == ("", stopped)
    assert (streamed.claude.asked, streamed.statuses, streamed.cost.total) == (0, [], 0)


@pytest.mark.parametrize(
    ("said", "error", "unknown"),
    [
        ((), ClaudeBusy(), 0),
        ((), ClaudeUnreachable("x"), 1),
        ((), ClaudeUnreachable("no server", sent=False), 0),
        ((TextDelta("Half"),), ClaudeBusy(), 1),
    ],
)
async def test_only_a_refusal_before_the_first_text_is_known_to_cost_nothing(
    said: tuple[TextDelta, ...], error: ClaudeError, unknown: int
) -> None:
    streamed = Streamed(FakeClaude((*said, error)))
    assert await streamed.stream.reply(REQUEST) == ("".join(delta.text for delta in said), error)
    assert streamed.cost.unknown == unknown


@pytest.mark.parametrize(
    ("before", "unknown", "known"),
    [
        ((Waiting(1.0, 2),), 0, 0),
        ((Waiting(1.0, 2, lost=True),), 1, 0),
        ((READ, Waiting(1.0, 2)), 1, 5),  # it was overloaded after it had begun
        ((READ, Waiting(1.0, 2, lost=True)), 1, 5),
    ],
)
async def test_a_try_that_broke_off_before_its_text_counts_although_the_next_one_goes_well(
    before: tuple[StreamEvent, ...], unknown: int, known: int
) -> None:
    streamed = Streamed(FakeClaude((*before, NewAttempt(), READ, TextDelta("One."), END)))
    await streamed.stream.reply(REQUEST)
    assert (streamed.cost.unknown, streamed.cost.known) == (unknown, 7 + known)


@pytest.mark.parametrize("after", [(Waiting(9.0, 2),), ()])
async def test_of_a_reply_that_is_interrupted_what_it_has_read_is_known_and_what_it_has_written_is_not(
    after: tuple[StreamEvent, ...],
) -> None:
    reported: list[RequestCost] = []
    streamed = Streamed(FakeClaude((READ, *after)), cost=TurnCost(reported.append))
    stream = streamed.stream
    replying = asyncio.create_task(stream.reply(REQUEST))
    await streamed.claude.silent.wait()
    streamed.interrupt.set_result(Stopped())
    await replying
    assert reported == [RequestCost(PAYER, "claude-test", "reply", READ.usage, 5, complete=False)]
    assert (streamed.cost.known, streamed.cost.unknown, streamed.cost.total) == (5, 1, None)
    assert (stream.used, stream.asked_ms) == (READ.usage, 1500)


async def test_what_is_not_asked_any_more_has_used_nothing() -> None:
    streamed = Streamed(FakeClaude((READ, TextDelta("In short."), END)))
    stream = streamed.stream
    await stream.summary(REQUEST)
    streamed.interrupt.set_result(Stopped())
    await stream.reply(REQUEST)
    assert (stream.used, stream.asked_ms) == (Usage(), 0)


async def test_a_stream_without_an_end_is_a_failure() -> None:
    streamed = Streamed(FakeClaude((TextDelta("Half"),), ends=True))
    text, end = await streamed.stream.reply(REQUEST)
    assert text == "Half"
    assert isinstance(end, ClaudeError)


async def test_a_summary_is_not_shown_while_it_is_written() -> None:
    streamed = Streamed(FakeClaude((BlockStarted("thinking"), TextDelta(" In short. "), END)))
    assert await streamed.stream.summary(REQUEST) == ("In short.", (END.usage,))
    assert (streamed.pushed, streamed.statuses) == ([], [status_wording.SUMMARIZING])


async def test_a_summary_that_fails_or_is_cut_is_done_without() -> None:
    failing = Streamed(FakeClaude((TextDelta("In"), ClaudeBusy())))
    assert await failing.stream.summary(REQUEST) == (None, ())
    interrupted = Streamed(FakeClaude((TextDelta("In"),)))
    replying = asyncio.create_task(interrupted.stream.summary(REQUEST))
    await interrupted.claude.silent.wait()
    interrupted.interrupt.set_result(Stopped())
    assert await replying == (None, ())
    assert (failing.cost.unknown, interrupted.cost.unknown) == (1, 1)


RESULT = Opaque('{"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1"}')


async def test_each_request_is_reported_with_its_purpose() -> None:
    reported: list[RequestCost] = []
    _, streamed = pausing(
        (Waiting(1.0, 2, lost=True), NewAttempt(), READ, TextDelta("I look. "), PAUSED),
        (TextDelta("Done."), END),
    )
    streamed.cost = TurnCost(reported.append)
    stream = streamed.stream
    await stream.reply(QUESTION)
    await stream.summary(QUESTION)
    purposes: list[Purpose] = ["reply", "retry", "continuation", "summary"]
    assert [each.purpose for each in reported] == purposes
    assert [each.complete for each in reported] == [False, True, True, True]
    assert {(each.payer, each.model) for each in reported} == {(PAYER, "claude-test")}


async def test_a_count_is_reported_and_costs_nothing() -> None:
    reported: list[RequestCost] = []
    streamed = Streamed(FakeClaude(), cost=TurnCost(reported.append))
    assert await streamed.stream.count(REQUEST) == 5
    assert reported == [RequestCost(PAYER, "claude-test", "count", Usage(), 0)]
    assert streamed.cost.total == 0
