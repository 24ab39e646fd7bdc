"""Halves of surrogate pairs."""

from __future__ import annotations

import json

import orjson
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.surrogates import Joiner, whole, whole_json

units = st.text(st.sampled_from('a\\"u{\ud83d\ude00\ud800\udfff😀é'), max_size=12)


def test_a_pair_is_joined_and_a_lone_half_is_replaced() -> None:
    assert whole("a\ud83d\ude00b") == "a😀b"
    assert whole("\ud83da\ude00\ud83d") == "\ufffda\ufffd\ufffd"
    assert whole("\ud83d\ud83d\ude00") == "\ufffd😀"


@given(units, st.lists(st.integers(0, 12)))
def test_a_stream_says_the_same_wherever_it_is_cut(text: str, cuts: list[int]) -> None:
    joiner = Joiner()
    ends = sorted(min(cut, len(text)) for cut in cuts)
    pieces = [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]
    heard = [joiner.join(piece) for piece in pieces]
    for piece in heard:
        piece.encode()  # each piece can be sent
    assert "".join(heard) + joiner.end() == whole(text)


@given(units)
def test_json_that_names_halves_becomes_json_that_strict_parsers_read(text: str) -> None:
    document = whole_json(json.dumps([text, {text: 1}]))
    assert orjson.loads(document) == json.loads(document) == [whole(text), {whole(text): 1}]


def test_an_escaped_backslash_begins_no_escape() -> None:
    assert whole_json(r'"\\ud83d"') == r'"\\ud83d"'
