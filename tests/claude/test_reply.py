from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.claude.reply import Reply
from bot.conversation.citations import WebSource
from bot.conversation.request import Lifetime, Usage


def usage(*counts: Any, cache: Lifetime | None = "5m") -> Usage:
    """The usage of a reply whose first event brought the first of `counts`, and so on."""
    reply = Reply(cache)
    reply.feed({"type": "message_start", "message": {"usage": counts[0]}})
    for count in counts[1:]:
        reply.feed({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": count})
    reply.feed({"type": "message_delta", "delta": {"stop_reason": "end_turn"}})
    reply.feed({"type": "message_stop"})
    finished = reply.finished(None)
    assert finished is not None
    return finished.usage


def test_counts_are_cumulative() -> None:
    assert usage(
        {"input_tokens": 5, "output_tokens": 1}, {"output_tokens": 4}, {"output_tokens": 9}
    ) == Usage(input=5, output=9)


def test_a_later_zero_does_not_undo_a_count() -> None:
    assert usage({"input_tokens": 5}, {"input_tokens": 0, "output_tokens": 2}) == Usage(input=5, output=2)


def test_a_count_may_come_at_the_end_only() -> None:
    assert usage({"input_tokens": 0}, {"input_tokens": 5, "cache_read_input_tokens": 3}) == Usage(
        input=5, cache_read=3
    )


def test_cache_writes_are_told_apart_by_lifetime() -> None:
    written = {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 70}
    counts = {"cache_creation_input_tokens": 100, "cache_creation": written}
    assert usage(counts) == Usage(cache_write_5m=30, cache_write_1h=70)


@pytest.mark.parametrize(
    ("cache", "expected"),
    [
        ("5m", Usage(cache_write_5m=100)),
        (None, Usage(cache_write_5m=100)),
        ("1h", Usage(cache_write_1h=100)),
    ],
)
def test_a_cache_write_without_a_lifetime_has_the_one_we_asked_for(
    cache: Lifetime | None, expected: Usage
) -> None:
    counts = {"cache_creation_input_tokens": 100, "cache_creation": None}
    assert usage(counts, cache=cache) == expected


@pytest.mark.parametrize("odd", [None, "many", True, -3, 2.5, [], {"a": 1}])
def test_a_count_that_is_none_counts_nothing(odd: Any) -> None:
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    assert usage(dict.fromkeys(names, odd), odd) == Usage()


def test_text_that_a_block_starts_with_belongs_to_the_reply() -> None:
    reply = Reply()
    start = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "Well, "}}
    assert reply.feed(start) == "Well, "


@given(st.lists(st.text()))
def test_the_text_is_what_was_sent_however_it_was_cut(parts: list[str]) -> None:
    reply = Reply()
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": part}}
        for part in parts
    ]
    assert "".join(map(reply.feed, deltas)) == "".join(parts)


junk = st.recursive(
    st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2)
)
kinds = st.sampled_from(
    ["message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop", "x"]
)
fields = st.sampled_from(["message", "index", "content_block", "delta", "usage"])


@given(st.lists(st.builds(lambda kind, rest: {**rest, "type": kind}, kinds, st.dictionaries(fields, junk))))
def test_no_event_however_odd_breaks_the_reading(events: list[dict[str, Any]]) -> None:
    reply = Reply()
    for event in events:
        reply.feed(event)
    assert reply.finished(None) is None


def test_a_pair_of_surrogates_that_two_deltas_share_is_one_character_and_a_lone_half_is_replaced() -> None:
    reply = Reply()
    events: list[dict[str, Any]] = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
            for text in ("smile \ud83d", "\ude00 bye \ud83d")
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_stop"},
    ]
    assert [reply.feed(event) for event in events] == ["", "smile ", "😀 bye ", "\ufffd", ""]


def test_blocks_that_are_no_text_are_named_by_their_tool_or_their_type() -> None:
    reply = Reply()
    for index, block in enumerate(
        (
            {"type": "redacted_thinking", "data": "eA=="},
            {"type": "text", "text": ""},
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
            {"type": None},
        )
    ):
        reply.feed({"type": "content_block_start", "index": index, "content_block": block})
    assert reply.begun == ["redacted_thinking", "web_search", "web_search_tool_result", ""]


def test_citations_come_at_the_end_of_their_block_and_the_container_at_the_end_of_the_reply() -> None:
    reply = Reply()
    cited = {"type": "web_search_result_location", "url": "https://a.example", "title": "A"}
    events: list[dict[str, Any]] = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "So"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": cited}},
    ]
    for event in events:
        reply.feed(event)
    assert reply.cited == []
    reply.feed({"type": "content_block_stop", "index": 0})
    assert reply.cited == [(WebSource("https://a.example", "A"),)]
    reply.feed({"type": "message_delta", "delta": {"stop_reason": "end_turn", "container": {"id": "c1"}}})
    reply.feed({"type": "message_stop"})
    finished = reply.finished(None)
    assert finished is not None
    assert finished.container == "c1"


def test_a_server_tool_runs_from_the_end_of_its_call_to_its_result() -> None:
    reply = Reply()
    call = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}
    result = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []}
    seen = []
    for event in (
        {"type": "content_block_start", "index": 0, "content_block": call},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": result},
    ):
        reply.feed(event)
        seen.append(reply.runs_tool)
    assert seen == [False, True, False]
