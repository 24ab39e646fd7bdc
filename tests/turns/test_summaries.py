"""Summaries that outlive the request for a reply."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from bot.conversation.request import Breakpoints, Parameters, PromptMessage, Request, Usage
from bot.turns.summaries import MOST_HELD, Summaries, Summary

REQUEST = Request(Parameters("claude-test", 100), (), (PromptMessage.of("user", "So far?"),))
TEXT: Summary = ("They talked of looms.", (Usage(input=7),))


@dataclass
class Scribe:
    """Writes summaries, as soon as it may."""

    made: int = 0
    result: Summary = TEXT
    may: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    broken_off: bool = False

    async def __call__(self) -> Summary:
        self.made += 1
        self.begun.set()
        try:
            await self.may.wait()
        except asyncio.CancelledError:
            self.broken_off = True
            raise
        return self.result


async def test_a_summary_is_made_once_however_often_it_is_asked_for_anew() -> None:
    summaries, scribe = Summaries(), Scribe()
    for _ in range(2):
        waiting = asyncio.create_task(summaries.of(1, REQUEST, scribe))
        await scribe.begun.wait()
        waiting.cancel()
        await asyncio.wait({waiting})
    scribe.may.set()
    # Who asks, and what the cache holds by then, are nothing that it sums up.
    later = replace(REQUEST, user_key="ben", breakpoints=Breakpoints("5m", ((0, "5m"),)))
    assert await summaries.of(1, later, scribe) == TEXT
    await summaries.break_off(1)
    assert await summaries.of(1, REQUEST, scribe) == TEXT
    assert scribe.made == 1
    summaries.forget(1)
    assert await summaries.of(1, REQUEST, scribe) == TEXT
    assert scribe.made == 2


async def test_what_is_summed_up_anew_breaks_off_the_one_before() -> None:
    summaries, first, second = Summaries(), Scribe(), Scribe()
    waiting = asyncio.create_task(summaries.of(1, REQUEST, first))
    await first.begun.wait()
    waiting.cancel()
    second.may.set()
    assert await summaries.of(1, replace(REQUEST, parameters=Parameters("another", 100)), second) == TEXT
    assert (first.broken_off, second.made) == (True, 1)


async def test_a_summary_that_nobody_waits_for_is_broken_off() -> None:
    summaries, scribe = Summaries(), Scribe()
    waiting = asyncio.create_task(summaries.of(1, REQUEST, scribe))
    await scribe.begun.wait()
    waiting.cancel()
    await summaries.break_off(2)
    assert not scribe.broken_off
    await summaries.break_off(1)
    assert scribe.broken_off


async def test_where_there_was_none_to_be_had_it_is_asked_for_again() -> None:
    summaries, scribe = Summaries(), Scribe(result=(None, ()))
    scribe.may.set()
    assert await summaries.of(1, REQUEST, scribe) == (None, ())
    scribe.result = TEXT
    assert await summaries.of(1, REQUEST, scribe) == TEXT


async def test_only_the_latest_are_kept() -> None:
    summaries, scribe = Summaries(), Scribe()
    scribe.may.set()
    for conversation in range(MOST_HELD + 1):
        await summaries.of(conversation, REQUEST, scribe)
    await summaries.of(MOST_HELD, REQUEST, scribe)
    assert scribe.made == MOST_HELD + 1
    await summaries.of(0, REQUEST, scribe)
    assert scribe.made == MOST_HELD + 2
