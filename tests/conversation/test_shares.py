"""What each part of a request takes of what is known of the whole."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.ledger import Forecast
from bot.conversation.shares import Shares, share_out
from bot.conversation.turn import Turn
from tests.conversation.builders import turn

TEXTS = 400


def counted(*tokens: int, model: str = "old") -> tuple[Turn, ...]:
    """Turns of so many tokens each, half of them the reply's."""
    return tuple(
        replace(turn(at, tokens=(each - each // 2, each // 2)), model=model) for at, each in enumerate(tokens)
    )


def shared(total: int, turns: tuple[Turn, ...], recalled: tuple[Turn, ...] = ()) -> Shares:
    """Share a total out among turns, the first of which is kept from before the cut, for the model “new”."""
    sizes = sum(each.tokens for each in turns)
    return share_out(Forecast(total - sizes, sizes, 0, TEXTS), turns[:1], turns[1:], recalled, model="new")


def tokens(turns: tuple[Turn, ...]) -> list[int]:
    """What each turn takes."""
    return [each.tokens for each in turns]


def test_what_one_model_has_counted_stays_as_it_is_whatever_the_system_prompt_takes() -> None:
    turns = counted(1000, 2000, model="new")
    for system in (0, 50, 400, 9000):
        assert shared(3000 + system, turns) == Shares(system, turns[:1], turns[1:], ())


def test_models_that_count_alike_change_nothing() -> None:
    turns = counted(1000, 2000)
    assert shared(3450, turns) == Shares(450, turns[:1], turns[1:], ())


def test_what_an_older_model_has_counted_as_less_or_more_is_counted_as_the_new_one_does() -> None:
    turns = (*counted(1000, 2000), *counted(500, model="new"))
    for factor in (1.3, 0.75):
        total = round(TEXTS + 3000 * factor + 500)
        shares = shared(total, turns, counted(200))
        assert tokens(shares.pinned) == [1000 * factor]
        assert tokens(shares.turns) == [2000 * factor, 500]
        assert tokens(shares.recalled) == [200 * factor]
        assert shares.other == TEXTS


def test_a_system_prompt_that_is_estimated_badly_does_not_swell_a_few_turns() -> None:
    shares = shared(9020, counted(20))
    assert tokens(shares.pinned) == [30]
    assert shares.other == 8990


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.sampled_from(["old", "new"])), max_size=12),
    st.integers(-500, 40_000),
)
def test_the_parts_always_add_up_to_the_whole(sizes: list[tuple[int, str]], total: int) -> None:
    turns = tuple(each for size, model in sizes for each in counted(size, model=model))
    shares = shared(total, turns)
    assert shares.other >= 0
    # Each turn is counted in whole tokens, in two parts.
    assert abs(shares.other + shares.in_turns - max(0, total)) <= len(turns)
