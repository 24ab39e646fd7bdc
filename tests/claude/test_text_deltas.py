from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.claude.reply import Reply
from bot.claude.text_deltas import merged


def text_delta(text: object, index: object = 0) -> dict[str, Any]:
    return {
        "type": "content_block_delta",
        "index": index,
        "delta": {"type": "text_delta", "text": text},
    }


PING: dict[str, Any] = {"type": "ping"}

EVENTS = st.one_of(
    st.builds(
        text_delta, st.sampled_from(["a", "", "bc", "\ud83d", "\ude00"]), st.sampled_from([0, 0, 0, 1, None])
    ),
    st.sampled_from(
        [
            PING,
            {"type": "content_block_delta", "index": 0, "delta": None},
            text_delta(None),
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "thinking_delta", "thinking": "x"},
            },
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "s"}},
            {"type": "content_block_start", "index": 1, "content_block": {"type": "thinking"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        ]
    ),
)


def read(events: Iterator[dict[str, Any]]) -> tuple[str, object]:
    reply = Reply()
    text = "".join(map(reply.feed, [*events, {"type": "message_stop"}]))
    finished = reply.finished(None)
    return text, None if finished is None else finished.blocks


@given(st.lists(EVENTS, max_size=12))
def test_a_reply_is_the_same_with_its_deltas_merged(events: list[dict[str, Any]]) -> None:
    assert read(merged(events)) == read(iter(events))


def test_deltas_of_one_block_become_one_event() -> None:
    assert list(merged([text_delta("a"), text_delta("b"), PING, text_delta("c")])) == [
        text_delta("ab"),
        PING,
        text_delta("c"),
    ]


def test_deltas_of_two_blocks_stay_apart() -> None:
    assert list(merged([text_delta("a", 0), text_delta("b", 1)])) == [text_delta("a", 0), text_delta("b", 1)]


def test_the_text_before_invalid_data_counts() -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield text_delta("a")
        yield text_delta("b")
        raise ValueError

    found = merged(broken())
    assert next(found) == text_delta("ab")
    with pytest.raises(ValueError):
        next(found)
