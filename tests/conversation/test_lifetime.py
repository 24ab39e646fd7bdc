"""For how long a request stays in the prompt cache."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.content import FileSource, Image
from bot.conversation.ledger import Prefix
from bot.conversation.lifetime import (
    MOST_OVER_SHARE,
    START_SHARE,
    START_TOKENS,
    USUAL_RATES,
    Cached,
    Choice,
    choose,
    in_cache,
)
from bot.conversation.message import created_ms
from bot.conversation.request import PromptMessage, Usage
from bot.conversation.turn import Turn
from tests.bench import pictures
from tests.bench.arrivals import STEADY, bursts
from tests.bench.caching import MIXED_GOAL, STEADY_GOAL, ratios
from tests.bench.ideal import Asking, least_cost
from tests.bench.talk import Sizes, talk
from tests.conversation.builders import turn

HERE = Prefix("key", 0)
MODEL = "claude-sonnet-5-5"


def asked(at_s: int, usage: Usage) -> Turn:
    return turn(at_s, usage=usage)


def after(gap_s: int, *turns: Turn) -> Cached:
    return in_cache(turns, HERE, created_ms(turns[-1].id) + gap_s * 1000)


def test_what_was_written_is_there_for_as_long_as_it_was_written_for() -> None:
    short = asked(10, Usage(input=8, cache_write_5m=1000))
    hour = asked(10, Usage(input=8, cache_write_1h=1000))
    assert after(299, short) == Cached(warm=1000)
    assert after(301, short) == Cached()
    assert after(3599, hour) == Cached(1000, 1000, hour.id)
    assert after(3601, hour) == Cached()
    assert after(299, replace(short, window_start=1)) == Cached()
    assert after(299, replace(short, prefix_key="another")) == Cached()


def test_an_entry_of_an_hour_is_kept_alive_by_every_request_that_reads() -> None:
    hour = asked(0, Usage(cache_write_1h=1000))
    later = [asked(n * 200, Usage(cache_read=1000 + 50 * n, cache_write_5m=50)) for n in range(1, 30)]
    cached = after(3000, hour, *later)
    assert cached == Cached(1000, 1000, hour.id)
    nothing_read = asked(6000, Usage(cache_write_5m=1500))
    assert after(400, hour, *later, nothing_read) == Cached()


def test_what_was_changed_since_is_not_there() -> None:
    first = asked(10, Usage(cache_write_5m=1000))
    second = asked(20, Usage(cache_read=1000, cache_write_5m=100))
    assert after(30, replace(first, amended=second.id), second) == Cached()


def with_picture(at_s: int, usage: Usage) -> Turn:
    picture = Image(FileSource("file_1"), 30, "a.png")
    made = turn(at_s, usage=usage)
    return made.asked(PromptMessage("user", (*made.question.blocks, picture)))


def test_the_first_picture_of_a_prompt_makes_it_cold() -> None:
    first = asked(10, Usage(cache_write_1h=1000))
    now_ms = created_ms(first.id) + 60_000
    pictured = with_picture(20, Usage(cache_read=300, cache_write_5m=900))
    assert in_cache([first], HERE, now_ms, added=(pictured.question,)) == Cached()
    assert in_cache([first], HERE, now_ms) == Cached(1000, 1000, first.id)
    assert after(30, first, pictured) == Cached(warm=1200)
    assert after(400, first, pictured) == Cached(), "the hour of the first entry is of no use any more"
    later = asked(30, Usage(cache_read=1200, cache_write_5m=100))
    assert after(30, first, pictured, later) == Cached(warm=1300)
    pinned = with_picture(5, Usage())
    assert in_cache([first], HERE, now_ms, pinned=[pinned], added=(pictured.question,)).warm == 1000


def test_a_refused_picture_leaves_the_entries_before_it() -> None:
    first = asked(10, Usage(cache_write_5m=1000))
    refused = replace(with_picture(20, Usage(cache_write_5m=1200)), outcome="refused")
    assert after(30, first, refused) == Cached(warm=1000)


def test_it_lives_from_the_latest_request_on_whenever_the_message_came() -> None:
    message_at_s, asked_at_s = 10, 10 + 20 * 60
    written = asked(message_at_s, Usage(cache_write_5m=1000))
    anew = replace(written, asked_ms=created_ms(turn(asked_at_s).id))
    assert after(20 * 60 + 299, anew) == Cached(warm=1000)
    assert after(20 * 60 + 301, anew) == Cached()


def test_what_was_refused_leaves_what_was_there_before_it_and_no_entry_of_its_own() -> None:
    first = asked(10, Usage(cache_write_5m=1000))
    refused = replace(asked(200, Usage(cache_read=1000, cache_write_1h=300)), outcome="refused")
    assert after(299, first, refused) == Cached(warm=1000)
    assert after(301, first, refused) == Cached()


def test_the_pauses_that_count_are_those_between_requests() -> None:
    known = Usage(input=3000)
    quick = [replace(asked(n * 30, known), asked_ms=created_ms(turn(n * 7200).id)) for n in range(1, 12)]
    now_ms = created_ms(turn(12 * 7200).id)
    chosen = [
        choose("auto", turns, HERE, prompt_tokens=9000, now_ms=now_ms, rates=USUAL_RATES)
        for turns in (quick, [replace(each, asked_ms=0) for each in quick])
    ]
    assert [choice.newest for choice in chosen] == [None, "5m"]


def test_an_operator_can_choose_instead() -> None:
    for setting, chosen in (("off", None), ("5m", "5m"), ("1h", "1h")):
        choice = choose(setting, (), HERE, prompt_tokens=9000, now_ms=0, rates=USUAL_RATES)  # type: ignore[arg-type]
        assert choice == Choice(chosen)  # type: ignore[arg-type]


gaps = st.lists(
    st.sampled_from([5.0, 250.0, 310.0, 1500.0, 3500.0, 3700.0, 90_000.0]), min_size=1, max_size=12
)


@settings(max_examples=60, deadline=None)
@given(gaps, st.integers(0, 3), st.sampled_from([60, 2000]))
def test_whatever_the_gaps_no_window_becomes_much_dearer_than_without_a_cache(
    pattern: list[float], seed: int, size: int
) -> None:
    sizes = Sizes(user=size, reply=size)
    done = talk(itertools.cycle(pattern), 40, model=MODEL, sizes=sizes, seed=seed)
    # Each trim begins a window, and with it a new account; no first prompt of one is larger than the largest.
    windows = 1 + sum(not asking.extends for asking in done.askings[1:])
    start = max(START_TOKENS, START_SHARE * max(asking.tokens for asking in done.askings))
    assert done.cost <= (1 + MOST_OVER_SHARE) * done.uncached + windows * start


@settings(max_examples=40, deadline=None)
@given(gaps, st.integers(0, 3))
def test_nothing_is_cheaper_than_the_clairvoyant_optimum(pattern: list[float], seed: int) -> None:
    for setting in ("auto", "5m", "1h", "off"):
        done = talk(itertools.cycle(pattern), 25, model=MODEL, setting=setting, seed=seed)
        assert least_cost(done.askings, replace(USUAL_RATES, read=50), 512) <= done.cost + 1e-6


def test_the_optimum_of_two_requests_is_the_one_that_can_be_worked_out_by_hand() -> None:
    def cost(gap_s: float) -> float:
        return least_cost([Asking(0, 1000, False), Asking(gap_s, 1000, True)], USUAL_RATES, 512)

    assert cost(200) == 1250 + 100
    assert cost(2000) == 1000 + 1000  # an hour's entry costs 2000 alone
    assert cost(20_000) == 2000


@pytest.mark.parametrize("name", STEADY)
def test_a_steady_conversation_costs_hardly_more_than_the_optimum(name: str) -> None:
    found = ratios(STEADY[name], MODEL, turns=120, seeds=1)
    assert found["auto"] <= STEADY_GOAL
    assert found["auto"] <= 1.05 * found["off"]


@pytest.mark.parametrize("first_prompt", [3000, 5000, 12_000, 40_000])
@pytest.mark.parametrize("name", ["every 10 min", "every 45 min"])
def test_a_long_first_prompt_is_kept_for_an_hour_where_the_pauses_ask_for_it(
    name: str, first_prompt: int
) -> None:
    sizes = Sizes.beginning_with(first_prompt)
    found = ratios(STEADY[name], MODEL, turns=41, seeds=1, sizes=sizes)
    assert found["auto"] <= 0.2 * found["off"]
    assert found["auto"] <= 1.25, "one write for five minutes was in vain, and no more"


def test_talks_with_pauses_cost_hardly_more_than_the_optimum() -> None:
    def pattern(chance: random.Random) -> Iterator[float]:
        return bursts(chance)

    assert ratios(pattern, MODEL, turns=120, seeds=1)["auto"] <= MIXED_GOAL


@pytest.mark.parametrize("pattern", ["every 30 s", "every 20 min"])
def test_a_conversation_with_ten_pictures_costs_within_the_goal_of_the_optimum(pattern: str) -> None:
    policy = pictures.WINDOWS["10,000 to 20,000"]
    found, played = pictures.ratio(STEADY[pattern], model=MODEL, policy=policy, seeds=1)
    assert found < STEADY_GOAL
    assert max(map(abs, played.errors)) < 0.01
