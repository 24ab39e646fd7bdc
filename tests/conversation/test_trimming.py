"""What of the history still fits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.trimming import TrimPolicy, trim
from bot.conversation.turn import Turn
from tests.conversation.builders import turn

sizes = st.tuples(st.integers(1, 500), st.integers(0, 500))
histories = st.lists(sizes, max_size=40).map(
    lambda all_: [turn(i, tokens=size) for i, size in enumerate(all_)]
)
policies = st.tuples(st.integers(1, 5000), st.floats(0.05, 0.95)).map(
    lambda pair: TrimPolicy(high_tokens=pair[0], low_tokens=int(pair[0] * pair[1]))
)


def test_below_the_high_water_mark_nothing_goes() -> None:
    history = [turn(i, tokens=(50, 50)) for i in range(10)]
    window = trim(history, TrimPolicy(1000, 500), cut=3)
    assert (window.cut, window.dropped, len(window.turns)) == (3, 0, 10)


def test_above_it_the_oldest_turns_go_down_to_the_low_water_mark_at_once() -> None:
    history = [turn(i, tokens=(50, 50)) for i in range(10)]
    window = trim(history, TrimPolicy(1000, 500), cut=3, other_tokens=1)
    assert (window.cut, window.dropped) == (9, 6)
    assert window.turns == tuple(history[6:])


@given(histories, policies, st.integers(0, 1000), st.integers(0, 6000))
def test_a_window_is_the_end_of_the_history_and_fits_if_anything_can(
    history: list[Turn], policy: TrimPolicy, cut: int, other: int
) -> None:
    window = trim(history, policy, cut, other_tokens=other)
    assert window.turns == tuple(history[window.dropped :])
    assert window.cut == cut + window.dropped
    assert window.tokens == other + sum(t.tokens for t in window.turns)
    assert window.tokens <= policy.high_tokens or not window.turns


@given(histories, policies)
def test_after_a_trim_the_cut_stays_until_the_high_water_mark_is_passed_again(
    history: list[Turn], policy: TrimPolicy
) -> None:
    first = trim(history, policy, 0)
    again = trim(first.turns, policy, first.cut)
    assert again.cut == first.cut
    assert again.dropped == 0


@given(st.lists(sizes, min_size=1, max_size=200), policies)
def test_turn_by_turn_every_request_extends_the_one_before_unless_it_was_trimmed(
    all_sizes: list[tuple[int, int]], policy: TrimPolicy
) -> None:
    cut = 0
    log: list[Turn] = []
    before: tuple[Turn, ...] = ()
    for number, size in enumerate(all_sizes):
        window = trim(log[cut:], policy, cut)
        if not window.dropped:
            assert window.turns[: len(before)] == before
        cut, before = window.cut, window.turns
        log.append(turn(number, tokens=size))
