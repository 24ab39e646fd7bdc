"""How many tokens a text takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.request import Usage
from bot.conversation.tokens import FRAMING_TOKENS, estimate, measure_user
from tests.conversation.builders import turn


@given(st.text(), st.text())
def test_an_estimate_grows_with_the_text(a: str, b: str) -> None:
    assert estimate(a) <= estimate(a + b) <= estimate(a) + estimate(b)


def test_scripts_beyond_latin_count_for_more() -> None:
    assert estimate("織機は布を織る") > estimate("looms w")


def measure(window: list[object], **changes: object) -> int:
    known = {"model": "claude-test", "cut": 0, "prefix_key": "key"} | changes
    return measure_user("hello", Usage(input=130), window, **known)  # type: ignore[arg-type]


def test_the_difference_of_two_requests_measures_the_new_message() -> None:
    last = turn(1, tokens=(5, 20), usage=Usage(input=40, cache_read=60))
    assert measure([last]) == 130 - 100 - 20


def test_where_the_requests_cannot_be_compared_the_new_message_is_estimated() -> None:
    last = turn(1, tokens=(5, 20), usage=Usage(input=40, cache_read=60))
    estimated = estimate("hello") + FRAMING_TOKENS
    assert measure([]) == estimated
    assert measure([last], cut=1) == estimated
    assert measure([last], model="claude-other") == estimated
    assert measure([last], prefix_key="other prompt") == estimated
    assert measure([turn(1, outcome="failed")]) == estimated
