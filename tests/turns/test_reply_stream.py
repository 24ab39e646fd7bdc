"""What is heard of Claude until somebody cuts it short: with a Claude in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast

import pytest

from bot.claude.client import Claude
from bot.conversation import wording
from bot.conversation.errors import BobbinError, ClaudeBusy, ClaudeError, ClaudeUnreachable, Stopped
from bot.conversation.pricing import MTOK, Prices
from bot.conversation.request import (
    AskedAgain,
    Finished,
    Request,
    Started,
    StreamEvent,
    TextDelta,
    Thinking,
    Usage,
    Waiting,
)
from bot.turns.reply_stream import ReplyStream
from bot.turns.turn_cost import TurnCost

REQUEST = Request("claude-test", 100, None, (), ())
PRICES = Prices(input=MTOK, write_5m=0, write_1h=0, read=0, output=0)
END = Finished("end_turn", Usage(input=7), "claude-test", "r", "m")


@dataclass
class FakeClaude:
    """Says `events`, and then is silent for ever; an error among them is raised."""

    events: tuple[StreamEvent | ClaudeError, ...] = ()
    ends: bool = False
    asked: int = 0
    silent: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self, _request: Request) -> AsyncIterator[StreamEvent]:
        self.asked += 1
        for event in self.events:
            if isinstance(event, ClaudeError):
                raise event
            yield event
        self.silent.set()
        if not self.ends:
            await asyncio.Event().wait()

    async def count_tokens(self, _request: Request) -> int:
        self.asked += 1
        return 5


@dataclass
class Ear:
    """A listener, and all that it tells."""

    claude: FakeClaude
    cut: asyncio.Future[BobbinError] = field(default_factory=asyncio.Future)
    pushed: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    tally: TurnCost = field(default_factory=TurnCost)

    @property
    def listener(self) -> ReplyStream:
        return ReplyStream(
            cast("Claude", self.claude),
            self.cut,
            push=self.pushed.append,
            show_status=self.told.append,
            cost=self.tally,
            prices=PRICES,
            now_s=lambda: 1.5,
        )


async def test_a_reply_is_pushed_as_it_comes_and_its_use_is_counted() -> None:
    ear = Ear(FakeClaude((Thinking(), TextDelta("One "), TextDelta("two."), END)))
    assert await ear.listener.reply(REQUEST) == ("One two.", END)
    assert (ear.pushed, ear.told) == (["One ", "two."], [wording.THINKING])
    assert ear.tally.total == 7


async def test_a_reply_that_is_cut_ends_with_what_was_said_and_nobody_knows_its_cost() -> None:
    ear = Ear(FakeClaude((TextDelta("Half of"),)))
    hearing = asyncio.create_task(ear.listener.reply(REQUEST))
    await ear.claude.silent.wait()
    stopped = Stopped()
    ear.cut.set_result(stopped)
    assert await hearing == ("Half of", stopped)
    assert ear.tally.unknown == 1


async def test_nothing_is_asked_of_claude_once_the_turn_is_cut() -> None:
    ear = Ear(FakeClaude((TextDelta("Too late."), END)))
    stopped = Stopped()
    ear.cut.set_result(stopped)
    assert await ear.listener.count(REQUEST) is None
    assert await ear.listener.summary(REQUEST) == (None, ())
    assert await ear.listener.reply(REQUEST) == ("", stopped)
    assert (ear.claude.asked, ear.told, ear.tally.total) == (0, [], 0)


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
    ear = Ear(FakeClaude((*said, error)))
    assert await ear.listener.reply(REQUEST) == ("".join(delta.text for delta in said), error)
    assert ear.tally.unknown == unknown


READ = Started(Usage(input=5))


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
    ear = Ear(FakeClaude((*before, AskedAgain(), READ, TextDelta("One."), END)))
    await ear.listener.reply(REQUEST)
    assert (ear.tally.unknown, ear.tally.known) == (unknown, 7 + known)


@pytest.mark.parametrize("after", [(Waiting(9.0, 2),), ()])
async def test_of_a_reply_that_is_cut_what_it_has_read_is_known_and_what_it_has_written_is_not(
    after: tuple[StreamEvent, ...],
) -> None:
    amounts: list[int | None] = []
    ear = Ear(FakeClaude((READ, *after)), tally=TurnCost(amounts.append))
    listener = ear.listener
    hearing = asyncio.create_task(listener.reply(REQUEST))
    await ear.claude.silent.wait()
    ear.cut.set_result(Stopped())
    await hearing
    assert amounts == [5, None]
    assert (ear.tally.known, ear.tally.unknown, ear.tally.total) == (5, 1, None)
    assert (listener.used, listener.asked_ms) == (READ.usage, 1500)


async def test_what_is_not_asked_any_more_has_used_nothing() -> None:
    ear = Ear(FakeClaude((READ, TextDelta("In short."), END)))
    listener = ear.listener
    await listener.summary(REQUEST)
    ear.cut.set_result(Stopped())
    await listener.reply(REQUEST)
    assert (listener.used, listener.asked_ms) == (Usage(), 0)


async def test_a_stream_without_an_end_is_a_failure() -> None:
    ear = Ear(FakeClaude((TextDelta("Half"),), ends=True))
    text, end = await ear.listener.reply(REQUEST)
    assert text == "Half"
    assert isinstance(end, ClaudeError)


async def test_a_summary_is_not_shown_while_it_is_written() -> None:
    ear = Ear(FakeClaude((Thinking(), TextDelta(" In short. "), END)))
    assert await ear.listener.summary(REQUEST) == ("In short.", (END.usage,))
    assert (ear.pushed, ear.told) == ([], [wording.SUMMARIZING])


async def test_a_summary_that_fails_or_is_cut_is_done_without() -> None:
    failing = Ear(FakeClaude((TextDelta("In"), ClaudeBusy())))
    assert await failing.listener.summary(REQUEST) == (None, ())
    cut = Ear(FakeClaude((TextDelta("In"),)))
    hearing = asyncio.create_task(cut.listener.summary(REQUEST))
    await cut.claude.silent.wait()
    cut.cut.set_result(Stopped())
    assert await hearing == (None, ())
    assert (failing.tally.unknown, cut.tally.unknown) == (1, 1)
