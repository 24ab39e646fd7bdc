"""What of the history still fits."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.trimming import Edge, TrimPolicy, marks, trim
from bot.conversation.turn import Turn
from tests.conversation.builders import turn

sizes = st.tuples(st.integers(1, 500), st.integers(0, 500))
histories = st.lists(sizes, max_size=40).map(
    lambda all_: [turn(i, tokens=size) for i, size in enumerate(all_)]
)
policies = st.tuples(st.integers(1, 5000), st.floats(0.05, 0.95), st.floats(0, 1)).map(
    lambda drawn: marks(drawn[0], drawn[1], pinned_share=drawn[2])
)
pin_sets = st.frozensets(st.integers(0, 39), max_size=8).map(
    lambda numbers: frozenset(turn(number).id for number in numbers)
)


def test_below_the_high_water_mark_nothing_goes() -> None:
    history = [turn(i, tokens=(50, 50)) for i in range(10)]
    window = trim(history, TrimPolicy(1000, 500), Edge(3))
    assert (window.start, window.dropped, len(window.turns)) == (3, 0, 10)


def test_above_it_the_oldest_turns_go_down_to_the_low_water_mark_at_once() -> None:
    history = [turn(i, tokens=(50, 50)) for i in range(10)]
    window = trim(history, TrimPolicy(1000, 500), Edge(3), other_tokens=1)
    assert (window.start, window.dropped) == (9, 6)
    assert window.turns == tuple(history[6:])


@given(histories, policies, st.integers(0, 1000), st.integers(0, 6000), st.integers(0, 6000), pin_sets)
def test_a_window_is_the_end_of_the_history_and_fits_if_anything_can(
    history: list[Turn], policy: TrimPolicy, cut: int, other: int, newest: int, pins: frozenset[int]
) -> None:
    window = trim(history, policy, Edge(cut), other_tokens=other, newest_tokens=newest, pins=pins)
    assert window.turns == tuple(history[window.dropped :])
    assert window.start == cut + window.dropped
    assert window.tokens == other + window.newest_tokens + sum(t.tokens for t in window.all_turns)
    assert window.tokens <= policy.high_tokens or not window.all_turns
    if window.dropped:
        assert window.tokens <= policy.low_tokens or not window.turns


@given(histories, policies, st.integers(0, 6000), st.integers(0, 100_000))
def test_a_message_that_is_more_than_the_budget_is_kept_and_cut_to_fit(
    history: list[Turn], policy: TrimPolicy, other: int, newest: int
) -> None:
    window = trim(history, policy, Edge(0), other_tokens=other, newest_tokens=newest)
    assert window.shortened == (window.newest_tokens < newest)
    assert window.shortened or window.newest_tokens == newest
    if newest:
        assert window.newest_tokens >= 1
    if other + newest <= policy.high_tokens:
        assert not window.shortened
    if window.shortened:
        assert not window.all_turns
        assert window.tokens <= max(policy.high_tokens, other + 200)


@given(histories, policies, pin_sets, st.integers(0, 500))
def test_pinned_turns_stay_in_their_order_within_their_share(
    history: list[Turn], policy: TrimPolicy, pins: frozenset[int], other: int
) -> None:
    window = trim(history, policy, Edge(0), other_tokens=other, pins=pins)
    gone = [t for t in history[: window.dropped] if t.id in pins]
    assert sum(t.tokens for t in window.pinned) <= policy.pinned_tokens
    assert [t.id for t in window.pinned] == sorted(t.id for t in window.pinned)
    assert set(window.pinned) <= set(gone)
    assert window.unpinned == len(gone) - len(window.pinned)
    if len(gone) == 1 and gone[0].tokens <= min(policy.pinned_tokens, policy.low_tokens - other):
        assert window.pinned == tuple(gone)


def test_a_pin_takes_effect_at_the_next_trim_or_when_it_is_asked_for() -> None:
    history = [turn(i, tokens=(50, 50)) for i in range(10)]
    policy = marks(1000, 0.5, pinned_share=0.5)
    first = trim(history, policy, Edge(0), other_tokens=1, pins=frozenset({history[2].id}))
    assert first.pinned == (history[2],)
    assert first.tokens <= policy.low_tokens
    unchanged = trim(first.turns, policy, first.edge, other_tokens=1)
    assert unchanged.all_turns == first.all_turns
    assert trim(first.turns, policy, first.edge, other_tokens=1, at_once=True).pinned == ()


def test_a_pin_on_any_message_of_a_turn_keeps_the_turn() -> None:
    assert replace(turn(1), members=(5, 6)).holds(frozenset({6}))
    assert not turn(1).holds(frozenset({6}))


def test_the_marks_stay_within_the_models_context_and_below_its_price_step() -> None:
    assert marks(80_000, 0.5) == TrimPolicy(80_000, 40_000, 0)
    assert marks(80_000, 0.5, context_tokens=50_000, reply_tokens=10_000).high_tokens == 40_000
    assert marks(300_000, 0.5, step_tokens=100_000, pinned_share=0.5) == TrimPolicy(100_000, 50_000, 25_000)
    assert marks(1000, 0.5, context_tokens=10, reply_tokens=20).high_tokens == 1


@given(histories, policies, pin_sets)
def test_after_a_trim_the_cut_stays_until_the_high_water_mark_is_passed_again(
    history: list[Turn], policy: TrimPolicy, pins: frozenset[int]
) -> None:
    first = trim(history, policy, Edge(0), pins=pins)
    again = trim(first.turns, policy, first.edge, pins=pins)
    assert again.edge == first.edge
    assert again.dropped == 0


@given(st.lists(sizes, min_size=1, max_size=200), policies, pin_sets)
def test_turn_by_turn_every_request_extends_the_one_before_unless_it_was_trimmed(
    all_sizes: list[tuple[int, int]], policy: TrimPolicy, pins: frozenset[int]
) -> None:
    edge = Edge()
    log: list[Turn] = []
    before: tuple[Turn, ...] = ()
    for number, size in enumerate(all_sizes):
        window = trim(log[edge.window_start :], policy, edge, pins=pins)
        if not window.dropped:
            assert window.all_turns[: len(before)] == before
        edge, before = window.edge, window.all_turns
        log.append(turn(number, tokens=size))


@given(histories, policies, st.integers(0, 39), st.integers(0, 3000), pin_sets, st.booleans())
def test_what_pins_bring_back_fits_too_and_stands_in_order(
    history: list[Turn], policy: TrimPolicy, at: int, newest: int, pins: frozenset[int], at_once: bool
) -> None:
    at = min(at, len(history))
    window = trim(
        history[at:],
        policy,
        Edge(at),
        newest_tokens=newest,
        pins=pins,
        recalled=history[:at],
        at_once=at_once,
    )
    assert window.tokens <= policy.high_tokens or not window.all_turns
    ids = [turn.id for turn in window.all_turns]
    assert ids == sorted(set(ids))
    assert sum(turn.tokens for turn in window.pinned) <= policy.pinned_tokens
    assert all(turn.id in pins for turn in window.pinned)
    if not window.dropped and not at_once:
        assert window.pinned == ()


def test_a_long_newest_message_does_not_push_out_what_is_pinned() -> None:
    history = [turn(i, tokens=(50, 50)) for i in range(8)]
    pins = frozenset({history[0].id})
    window = trim(history, TrimPolicy(1000, 500, 250), Edge(0), newest_tokens=450, pins=pins)
    assert [history.index(turn) for turn in window.pinned] == [0]


def test_a_pinned_turn_of_before_comes_back_at_once_or_at_the_next_trim() -> None:
    history = [turn(i, tokens=(50, 50)) for i in range(10)]
    policy = TrimPolicy(1000, 500, 250)
    pins = frozenset({history[1].id})

    def ids(window_of: int, **more: bool) -> list[int]:
        window = trim(
            history[3:], policy, Edge(3), newest_tokens=window_of, pins=pins, recalled=history[1:2], **more
        )
        return [history.index(turn) for turn in window.all_turns]

    assert ids(100) == [3, 4, 5, 6, 7, 8, 9]
    assert ids(100, at_once=True) == [1, 3, 4, 5, 6, 7, 8, 9]
    # It makes the budget overflow, so that the oldest turns go.
    assert ids(300, at_once=True)[:1] == [1]
    assert ids(301)[:1] == [1]
