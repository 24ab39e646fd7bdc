from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from anthropic._streaming import SSEDecoder
from hypothesis import given
from hypothesis import strategies as st

from bot.claude.events import EventReader

ENDS = st.sampled_from(["\n", "\r\n", "\r"])
LINES = st.sampled_from(
    [
        "event: ping",
        "event:ping",
        "event: content_block_delta",
        'data: {"type": "a", "text": "ä🐢\\u2028"}',
        'data:{"text": "no type"}',
        "data: [1]",
        "data: 1",
        "data",
        "data:",
        "event",
        ": a comment",
        ":",
        "retrying: 1",
        "",
        "",
    ]
)


def fed(body: bytes, cuts: Iterable[int]) -> list[object]:
    events: list[object] = []
    reader, at = EventReader(), 0
    for cut in [*sorted(cuts), len(body)]:
        events += reader.feed(body[at:cut])
        at = max(at, cut)
    return events


def by_the_sdk(body: bytes) -> list[object]:
    """What the SDK's decoder reads of a body that comes at once."""
    events: list[object] = []
    for event in SSEDecoder().iter_bytes(iter([body])):
        told = json.loads(event.data) if event.data else {}
        told = told if isinstance(told, dict) else {}
        told.setdefault("type", event.event)
        events.append(told)
    return events


@given(st.lists(LINES, max_size=12), ENDS, st.lists(st.integers(0, 200), max_size=6))
def test_events_are_those_of_the_sdk_wherever_the_pieces_end(
    lines: list[str], end: str, cuts: list[int]
) -> None:
    # A mere "data:" makes an event for the SDK if there was one with a type before it; for us it is none.
    body = "".join(line + end for line in [*lines, "", "event: last", "", ""]).encode()
    try:
        expected = by_the_sdk(body)
    except ValueError:
        with pytest.raises(ValueError):
            fed(body, [cut for cut in cuts if cut <= len(body)])
        return
    found = fed(body + b"\n", [cut for cut in cuts if cut <= len(body)])
    assert [each for each in found if each != {"type": None}] == [
        each for each in expected if each != {"type": None}
    ]


def test_an_event_that_its_body_does_not_end_is_none() -> None:
    assert fed(b"event: ping\n", []) == []


def test_an_error_that_is_no_json_is_one_all_the_same() -> None:
    assert fed(b"event: error\ndata: upstream fell over\n\n", []) == [{"type": "error"}]


def test_bytes_that_are_not_utf_8_are_no_event() -> None:
    with pytest.raises(UnicodeDecodeError):
        fed(b"event: ping\ndata: \xff\n\n", [])


def test_the_events_before_one_that_is_not_valid_are_read() -> None:
    events = EventReader().feed(
        b'event: a\ndata: {"n": 1}\n\nevent: b\ndata: {"n":\n\nevent: c\ndata: {}\n\n'
    )
    assert next(events) == {"type": "a", "n": 1}
    with pytest.raises(ValueError):
        next(events)


@pytest.mark.parametrize("data", ["{},{}", "[1", " "])
def test_data_that_is_not_one_value_is_no_event(data: str) -> None:
    events = EventReader().feed(f"event: a\ndata: {data}\n\nevent: b\ndata: 2]\n\n".encode())
    with pytest.raises(ValueError):
        next(events)
