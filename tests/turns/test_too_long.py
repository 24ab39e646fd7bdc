"""Conversations that Claude refuses as too long: `reply_generator` and `summaries` together."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation import reply_wording
from bot.conversation.errors import (
    ClaudeTooLong,
)
from bot.conversation.trimming import TrimPolicy
from bot.conversation.turn import Preface
from tests.conversation.builders import turn
from tests.turns.generator_stage import (
    DROPS,
    SHORT,
    SUMMARY,
    TERMS,
    TOO_LONG,
    FakeClaude,
    after,
    ask,
    claimed,
    said,
)


async def test_what_is_refused_twice_as_too_long_forgets_nothing() -> None:
    asked = await ask(FakeClaude([TOO_LONG, TOO_LONG]), SHORT, DROPS)
    assert (asked.window_start, asked.turn.window_start, asked.turn.preface) == (3, 3, None)
    assert asked.conclusion.notices == (reply_wording.STILL_TOO_LONG,)
    later = FakeClaude(["Noted."])
    await ask(later, after(asked, SHORT), DROPS)
    assert all(question in said(later.asked[0]) for question in ("q0", "q1", "q2", "and now?"))


async def test_what_is_refused_as_too_long_is_summed_up_before_it_goes() -> None:
    claude = FakeClaude([TOO_LONG, "Noted."])
    claim = claimed(tuple(turn(n, user=f"q{n}", reply=f"a{n}", tokens=(2000, 2000)) for n in range(5)))
    terms = replace(TERMS, trimming=TrimPolicy(high_tokens=30_000, low_tokens=24_000))
    asked = await ask(claude, claim, terms=terms)
    assert claude.kinds == ["reply", "summary", "reply"]
    summed_up, sent = said(claude.asked[1]), said(claude.asked[2])
    assert 3 < asked.window_start < 8
    # Each turn is in one of the two, at the least, and the summary's request is the smaller one.
    assert all(f"q{n}" in summed_up or f"q{n}" in sent for n in range(5))
    assert "q4" not in summed_up
    assert asked.turn.preface == Preface(SUMMARY)
    assert asked.conclusion.notices == (reply_wording.SUMMARIZED,)


async def test_a_summary_of_what_was_refused_is_kept_even_if_it_is_refused_again() -> None:
    asked = await ask(FakeClaude([TOO_LONG, TOO_LONG]), SHORT)
    assert asked.window_start > 3
    assert asked.turn.preface == Preface(SUMMARY)
    assert asked.conclusion.outcome == "failed"
    without = await ask(FakeClaude([TOO_LONG, TOO_LONG], summary=TOO_LONG), SHORT)
    assert (without.window_start, without.turn.preface) == (3, None)
    assert without.conclusion.notices == (reply_wording.STILL_TOO_LONG,)


async def test_a_conversation_that_is_refused_again_and_again_is_answered_in_the_end() -> None:
    claim = SHORT
    sizes: list[int] = []
    for _ in range(6):
        claude = FakeClaude([ClaudeTooLong("no figures"), ClaudeTooLong("no figures")])
        asked = await ask(claude, claim, DROPS)
        sizes.append(len(claude.asked[1].messages))
        claim = after(asked, claim)
    assert sizes[-1] == 1
    assert sizes == sorted(sizes, reverse=True)
    asked = await ask(FakeClaude([TOO_LONG, "Noted."]), claim, DROPS)
    assert asked.window_start > 3
    assert asked.conclusion.notices == (reply_wording.TRIMMED,)
