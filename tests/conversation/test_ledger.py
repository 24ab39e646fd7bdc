"""What is known of a conversation's tokens."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.ledger import Ledger, Prefix, worth_counting
from bot.conversation.request import Usage
from bot.conversation.tokens import PRIOR
from bot.conversation.turn import Turn
from tests.conversation.builders import sent, turn

HERE = Prefix("key", 0)
SYSTEM = ("Be kind.",)


def forecast(*turns: Turn, prefix: Prefix = HERE) -> int:
    return Ledger(turns, prefix).forecast(PRIOR, SYSTEM).total


def test_the_next_request_is_the_last_one_and_its_reply() -> None:
    last = turn(1, tokens=(5, 20), usage=Usage(input=40, cache_read=60, output=20))
    assert forecast(last) == 100 + 20
    assert Ledger((last,), HERE).forecast(PRIOR, SYSTEM).estimated == 0


def test_what_was_added_since_is_estimated_and_what_was_refused_is_left_out() -> None:
    last = turn(1, tokens=(5, 20), usage=Usage(input=100))
    failed = turn(2, tokens=(7, 0), outcome="failed")
    refused = turn(2, tokens=(7, 0), outcome="refused", usage=Usage(input=130))
    assert forecast(last, failed) == 127
    assert forecast(last, refused) == 123


def test_a_reply_that_was_continued_is_counted_with_all_that_was_asked_for_it() -> None:
    whole = turn(1, reply="one, two", tokens=(5, 90), usage=Usage(input=200, output=30, thinking=10))
    continued = replace(whole, sent=sent("question", ("one, ", "two")))
    assert forecast(continued) == 200 + 20  # the part before the seam was read again
    assert Ledger((continued,), HERE).forecast(PRIOR, SYSTEM).estimated == 0
    broken = replace(continued, reply_tokens=80, usage=Usage(input=200))
    assert forecast(broken) == 200 + 30  # 3 of 8 characters
    assert Ledger((broken,), HERE).forecast(PRIOR, SYSTEM).estimated == 30


def test_of_a_reply_that_broke_off_the_prompt_is_exact_and_the_reply_an_estimate() -> None:
    stopped = turn(1, tokens=(5, 20), usage=Usage(input=100))
    ledger = Ledger((stopped,), HERE)
    seen = ledger.forecast(PRIOR, SYSTEM)
    assert (seen.total, seen.estimated) == (120, 20)
    assert ledger.measure(12, Usage(input=150, output=9), seen, extends=True) == 12
    assert ledger.rates() == PRIOR


def test_where_the_chain_is_broken_the_turns_are_added_up() -> None:
    last = turn(1, tokens=(5, 20), usage=Usage(input=100))
    added_up = PRIOR.of(SYSTEM[0]) + 6 + 25
    assert forecast(replace(last, window_start=1)) == added_up
    assert forecast(replace(last, prefix_key="another prompt")) == added_up
    assert forecast(replace(last, usage=Usage())) == added_up
    assert forecast(last, replace(last, prefix_key="another model")) == 100 + 20 + 25


def test_the_difference_of_two_requests_measures_the_new_message() -> None:
    last = turn(1, tokens=(5, 20), usage=Usage(input=40, cache_read=60, output=20))
    ledger = Ledger((last,), HERE)
    seen = ledger.forecast(PRIOR, SYSTEM)
    assert ledger.measure(12, Usage(input=130), seen, extends=True) == 130 - 100 - 20
    assert ledger.measure(12, Usage(input=130), seen, extends=False) == 12
    assert ledger.measure(12, Usage(), seen, extends=True) == 12
    assert ledger.measure(12, Usage(input=5000), seen, extends=True) == 12
    alone = Ledger((), HERE)
    assert alone.measure(12, Usage(input=130), alone.forecast(PRIOR, SYSTEM), extends=True) == 12


@given(
    st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300)), min_size=1, max_size=20),
    st.integers(0, 400),
)
def test_while_the_prefix_grows_the_forecast_is_exact_and_so_is_every_count(
    sizes: list[tuple[int, int]], fixed: int
) -> None:
    turns: list[Turn] = []
    total = fixed
    for number, (user, reply) in enumerate(sizes):
        total += user
        ledger = Ledger(tuple(turns), HERE)
        seen = ledger.forecast(PRIOR, SYSTEM)
        if turns:
            assert seen.total + user == total
        usage = Usage(input=total, output=reply)
        # The estimate is right within the factor that tells a message from something else.
        counted = ledger.measure(user * 2, usage, seen, extends=True)
        assert counted == (user if turns else user * 2)
        turns.append(turn(number, tokens=(counted, reply), usage=usage))
        total += reply


def test_a_conversation_teaches_what_its_texts_cost() -> None:
    text = "Wie webt man ein Tuch? " * 10
    turns = tuple(
        turn(n, user=text, reply=text, tokens=(66, 60), usage=Usage(input=100 + 126 * n, output=60))
        for n in range(10)
    )
    learned = Ledger(turns, HERE).rates()
    assert abs(learned.of(text) - 60) <= 3
    assert Ledger((), HERE).rates() == PRIOR


def test_only_what_may_be_on_either_side_of_a_limit_is_worth_counting() -> None:
    assert not worth_counting(100, 0, 101)
    assert worth_counting(100, 50, 110)
    assert worth_counting(110, 50, 100)
    assert not worth_counting(200, 50, 100)


def test_a_continued_reply_teaches_nothing_as_its_last_request_was_for_a_part_of_it() -> None:
    continued = turn(1, parts=("word " * 4000, "word " * 1000), usage=Usage(input=100, output=100))
    assert Ledger((continued,), HERE).rates().of("word " * 100) == PRIOR.of("word " * 100)
