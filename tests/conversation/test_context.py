from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import prompt
from bot.conversation.compose import Past, Terms
from bot.conversation.context import Share, cells, view
from bot.conversation.lifetime import USUAL_RATES
from bot.conversation.request import Usage
from bot.conversation.trimming import TrimPolicy
from bot.conversation.turn import Front, Turn
from tests.conversation.builders import snowflake, turn

TERMS = Terms(
    model="claude-test",
    max_tokens=1000,
    effort=None,
    system=("How threads work.", "Be kind."),
    user_key=None,
    trimming=TrimPolicy(high_tokens=1000, low_tokens=500),
    limit_tokens=None,
    cache="auto",
    prices=USUAL_RATES,
)
NOW_MS = 1_420_070_400_000 + 100_000
"""A hundred seconds after Discord's epoch."""


def asked(number: int, *, front: Front | None = None, cut: int = 0, usage: Usage) -> Turn:
    """A turn that was asked on these terms."""
    key = prompt.prefix_key(TERMS.manner, TERMS.system, front)
    return replace(turn(number, tokens=(30, 20), usage=usage, cut=cut), prefix_key=key, front=front)


def tokens(shares: tuple[Share, ...]) -> dict[str, int]:
    return {share.name: share.tokens for share in shares}


def test_of_a_new_conversation_only_the_system_prompt_is_seen() -> None:
    seen = view(TERMS, Past(), NOW_MS)
    shares = tokens(seen.shares)
    assert shares["system prompt"] == seen.used == seen.estimated > 0
    assert shares["room left"] == 1000 - seen.used
    assert (seen.turns, seen.first, seen.trimmed, seen.cached) == (0, None, 0, 0)


def test_what_the_api_has_counted_is_not_estimated() -> None:
    history = (asked(10, usage=Usage(input=90, output=20)),)
    seen = view(TERMS, Past(history), NOW_MS)
    assert (seen.used, seen.estimated) == (110, 0)
    assert tokens(seen.shares) == {
        "system prompt": 60,
        "summary": 0,
        "pinned": 0,
        "history": 50,
        "room left": 890,
    }
    assert (seen.turns, seen.first) == (1, snowflake(10))


def test_after_a_trim_summary_and_pinned_turns_stand_in_front() -> None:
    front = Front("They spoke of looms.", (turn(1, tokens=(5, 5)),))
    history = (asked(50, front=front, cut=7, usage=Usage(input=200, output=20)),)
    seen = view(TERMS, Past(history, 7), NOW_MS)
    shares = tokens(seen.shares)
    assert seen.used == 220
    assert shares["pinned"] == 10
    assert shares["history"] == 50
    assert shares["summary"] > 0
    assert shares["system prompt"] + shares["summary"] == 160
    assert (seen.pinned, seen.trimmed, seen.first) == (1, 6, snowflake(50))
    assert seen.summary == "They spoke of looms."


def test_the_cache_is_warm_for_five_minutes_after_the_last_request() -> None:
    history = (asked(10, usage=Usage(cache_write_5m=90, output=20)),)
    assert view(TERMS, Past(history), NOW_MS).cached == 90
    assert view(TERMS, Past(history), NOW_MS + 300_000).cached == 0
    other = replace(TERMS, model="another")
    assert view(other, Past(history), NOW_MS).cached == 0
    assert not view(replace(TERMS, cache="off"), Past(history), NOW_MS).caches


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=6), st.integers(6, 40))
def test_the_cells_are_all_given_and_each_share_that_is_not_empty_has_one(
    sizes: list[int], count: int
) -> None:
    shares = tuple(Share(str(at), size) for at, size in enumerate(sizes))
    given_ = cells(shares, count)
    if not any(sizes):
        assert not any(given_)
        return
    assert sum(given_) == count
    assert all((cell > 0) == (size > 0) for cell, size in zip(given_, sizes, strict=True))


@given(st.lists(st.integers(0, 400), max_size=12), st.integers(0, 3000), st.integers(0, 5))
def test_the_shares_add_up_to_the_budget_or_to_what_is_used(sizes: list[int], budget: int, cut: int) -> None:
    history = tuple(turn(10 + at, tokens=(size, size)) for at, size in enumerate(sizes))
    terms = replace(TERMS, trimming=TrimPolicy(budget, budget // 2))
    seen = view(terms, Past(history, cut), NOW_MS)
    assert sum(share.tokens for share in seen.shares) == max(budget, seen.used)
