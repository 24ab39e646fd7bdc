from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.claude.wire import count_arguments, stream_arguments
from bot.conversation.content import Text
from bot.conversation.request import Breakpoints, Effort, Lifetime, Parameters, PromptMessage, Request
from tests.conversation.test_content import BLOCKS

marks = st.none() | st.sampled_from(get_args(Lifetime)).map(lambda life: Breakpoints(life, ((0, life),)))

blocks = st.lists(st.text(min_size=1).map(Text), min_size=1, max_size=3).map(tuple)
messages = st.builds(PromptMessage, role=st.sampled_from(("user", "assistant")), blocks=blocks)
parameters = st.builds(
    Parameters,
    model=st.just("claude-sonnet-5-5"),
    max_tokens=st.integers(1, 128_000),
    effort=st.none() | st.sampled_from(get_args(Effort)),
)
requests = st.builds(
    Request,
    parameters=parameters,
    system=st.lists(st.text(min_size=1), max_size=3).map(tuple),
    messages=st.lists(messages, min_size=1, max_size=6).map(tuple),
    user_key=st.none() | st.text(min_size=1),
)


def serialised(value: Any) -> bytes:
    """As the SDK sends it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def prompt(request: Request) -> bytes:
    """What the prompt cache compares, in its order, without marks; open at the end, to be a prefix."""
    arguments: Any = stream_arguments(request)
    blocks = [*arguments.get("system", ())]
    for message in arguments["messages"]:
        blocks += message["content"]
    for block in blocks:
        block.pop("cache_control", None)
    return (serialised(arguments.get("system")) + serialised(arguments["messages"])).removesuffix(b"]")


@given(
    requests,
    st.lists(messages, max_size=4).map(tuple),
    marks,
    marks,
    st.integers(1, 9),
    st.none() | st.text(min_size=1),
)
def test_a_request_that_grows_at_its_end_keeps_its_beginning_byte_for_byte(
    request_: Request,
    more: tuple[PromptMessage, ...],
    before: Breakpoints | None,
    after: Breakpoints | None,
    max_tokens: int,
    user_key: str | None,
) -> None:
    grown = replace(
        request_,
        messages=request_.messages + more,
        parameters=replace(request_.parameters, max_tokens=max_tokens),
        user_key=user_key,
        breakpoints=after,
    )
    assert prompt(grown).startswith(prompt(replace(request_, breakpoints=before)))


@given(requests, marks)
def test_every_block_is_sent_as_it_is(request_: Request, breakpoints: Breakpoints | None) -> None:
    sent: Any = stream_arguments(replace(request_, breakpoints=breakpoints))
    assert tuple(block["text"] for block in sent.get("system", [])) == request_.system
    assert [
        PromptMessage.of(message["role"], *(block["text"] for block in message["content"]))
        for message in sent["messages"]
    ] == list(request_.messages)


@pytest.mark.parametrize(
    ("lifetime", "mark"), [("5m", {"type": "ephemeral"}), ("1h", {"type": "ephemeral", "ttl": "1h"})]
)
def test_a_mark_stands_on_the_last_block_of_the_system_prompt_and_of_each_message_named(
    lifetime: Lifetime, mark: Any
) -> None:
    said = tuple(PromptMessage.of("user", "a", "b") for _ in range(3))
    request = Request(
        Parameters("m", 1), ("a", "b"), said, None, Breakpoints(lifetime, ((0, "1h"), (2, lifetime)))
    )
    sent: Any = stream_arguments(request)
    found = [[block.get("cache_control") for block in message["content"]] for message in sent["messages"]]
    assert found == [[None, {"type": "ephemeral", "ttl": "1h"}], [None, None], [None, mark]]
    assert [block.get("cache_control") for block in sent["system"]] == [None, mark]
    assert "cache_control" not in sent


def test_what_is_not_wanted_is_not_sent() -> None:
    request = Request(Parameters("m", 1), (), (PromptMessage.of("user", "hi"),))
    sent: Any = stream_arguments(request)
    assert set(sent) == {"model", "max_tokens", "messages"}
    assert sent["messages"] == [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]


def test_a_count_asks_for_the_same_prompt() -> None:
    request = Request(Parameters("m", 1, "low"), ("a",), (PromptMessage.of("user", "hi"),), "u")
    counted: Any = count_arguments(request)
    streamed: Any = stream_arguments(request)
    assert counted == {name: streamed[name] for name in ("model", "system", "messages", "output_config")}


def test_each_kind_of_block_is_rendered_as_the_api_takes_it() -> None:
    question = PromptMessage("user", (Text("look"), BLOCKS[1], BLOCKS[2]))
    called = PromptMessage("assistant", (BLOCKS[5], BLOCKS[3]))
    request = Request(
        Parameters("claude-sonnet-5-5", 2000),
        (),
        (question, called, PromptMessage("user", (BLOCKS[4],))),
        inline={"d1": "AAAA"},
    )
    sent: Any = stream_arguments(replace(request, breakpoints=Breakpoints("5m", ((2, "5m"),))))
    assert [message["content"] for message in sent["messages"]] == [
        [
            {"type": "text", "text": "look"},
            {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"},
                "title": "loom.pdf",
            },
        ],
        [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "tool_use", "id": "toolu_1", "name": "weave", "input": {"b": 1, "a": [2]}},
        ],
        [
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "content": [
                    {"type": "text", "text": "done"},
                    {"type": "image", "source": {"type": "file", "file_id": "file_2"}},
                ],
                "is_error": True,
                "cache_control": {"type": "ephemeral"},
            }
        ],
    ]
    # A tool's input is sent again with its keys in the order in which they came.
    assert json.dumps(sent["messages"][1]["content"][1]["input"]) == '{"b": 1, "a": [2]}'
