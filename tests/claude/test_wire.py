from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.claude.wire import CacheLifetime, count_arguments, stream_arguments
from bot.conversation.request import Effort, PromptMessage, Request

LIFETIMES: tuple[CacheLifetime, ...] = get_args(CacheLifetime)

blocks = st.lists(st.text(min_size=1), min_size=1, max_size=3).map(tuple)
messages = st.builds(PromptMessage, role=st.sampled_from(("user", "assistant")), blocks=blocks)
requests = st.builds(
    Request,
    model=st.just("claude-sonnet-5-5"),
    max_tokens=st.integers(1, 128_000),
    effort=st.none() | st.sampled_from(get_args(Effort)),
    system=st.lists(st.text(min_size=1), max_size=3).map(tuple),
    messages=st.lists(messages, min_size=1, max_size=6).map(tuple),
    user_key=st.none() | st.text(min_size=1),
)


def serialised(value: Any) -> bytes:
    """As the SDK sends it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def prompt(request: Request, cache: CacheLifetime) -> bytes:
    """What the prompt cache compares, in its order; open at the end, so that it can be a prefix."""
    arguments = stream_arguments(request, cache)
    return (serialised(arguments.get("system")) + serialised(arguments["messages"])).removesuffix(b"]")


@given(
    requests,
    st.lists(messages, max_size=4).map(tuple),
    st.sampled_from(LIFETIMES),
    st.integers(1, 9),
    st.none() | st.text(min_size=1),
)
def test_a_request_that_grows_at_its_end_keeps_its_beginning_byte_for_byte(
    request_: Request,
    more: tuple[PromptMessage, ...],
    cache: CacheLifetime,
    max_tokens: int,
    user_key: str | None,
) -> None:
    grown = replace(request_, messages=request_.messages + more, max_tokens=max_tokens, user_key=user_key)
    assert prompt(grown, cache).startswith(prompt(request_, cache))
    assert list(stream_arguments(grown, cache)["messages"][: len(request_.messages)]) == list(
        stream_arguments(request_, cache)["messages"]
    )


@given(requests, st.sampled_from(LIFETIMES))
def test_every_block_is_sent_as_it_is(request_: Request, cache: CacheLifetime) -> None:
    sent: Any = stream_arguments(request_, cache)
    assert tuple(block["text"] for block in sent.get("system", [])) == request_.system
    assert [
        PromptMessage(message["role"], tuple(block["text"] for block in message["content"]))
        for message in sent["messages"]
    ] == list(request_.messages)


@given(requests)
def test_no_block_but_the_last_of_the_system_prompt_is_marked(request_: Request) -> None:
    sent: Any = stream_arguments(request_, "1h")
    marks = [block.get("cache_control") for block in sent.get("system", [])]
    assert marks == [None] * (len(marks) - 1) + [{"type": "ephemeral", "ttl": "1h"}] * bool(marks)
    assert b"cache_control" not in serialised([list(message) for message in sent["messages"]])
    assert all(set(block) == {"type", "text"} for message in sent["messages"] for block in message["content"])


@pytest.mark.parametrize(
    ("cache", "mark"),
    [("5m", {"type": "ephemeral"}), ("1h", {"type": "ephemeral", "ttl": "1h"}), ("off", None)],
)
def test_both_breakpoints_carry_the_lifetime_that_was_chosen(cache: CacheLifetime, mark: Any) -> None:
    request = Request("m", 1, None, ("a", "b"), (PromptMessage("user", ("hi",)),))
    sent: Any = stream_arguments(request, cache)
    assert sent.get("cache_control") == mark
    assert sent["system"][-1].get("cache_control") == mark


def test_what_is_not_wanted_is_not_sent() -> None:
    request = Request("m", 1, None, (), (PromptMessage("user", ("hi",)),))
    assert set(stream_arguments(request, "off")) == {"model", "max_tokens", "messages"}


def test_a_count_asks_for_the_same_prompt() -> None:
    request = Request("m", 1, "low", ("a",), (PromptMessage("user", ("hi",)),), "u")
    counted: Any = count_arguments(request)
    streamed: Any = stream_arguments(request, "off")
    assert counted == {name: streamed[name] for name in ("model", "system", "messages", "output_config")}
