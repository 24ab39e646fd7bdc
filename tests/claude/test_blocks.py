"""The typed blocks of a reply, from the events of its stream."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.claude.reply import Reply
from bot.claude.wire import stream_arguments
from bot.conversation.content import Block, Opaque, Text, ToolUse
from bot.conversation.request import Parameters, PromptMessage, Request

THINKING = {"type": "thinking", "thinking": "", "signature": ""}
CITED = {"type": "web_search_result_location", "url": "https://looms.example", "cited_text": "The warp"}
RESULT = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [{"type": "web_search_result", "url": "https://looms.example", "encrypted_content": "c2Vj"}],
}


def block(
    start: dict[str, Any], *deltas: dict[str, Any]
) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    return start, deltas


def pieces(kind: str, name: str, *values: str) -> tuple[dict[str, Any], ...]:
    return tuple({"type": kind, name: value} for value in values)


def built(*blocks: tuple[dict[str, Any], tuple[dict[str, Any], ...]]) -> tuple[Block, ...]:
    """The blocks of a stream whose blocks start and go on like this."""
    reply = Reply()
    for index, (start, deltas) in enumerate(blocks):
        reply.feed({"type": "content_block_start", "index": index, "content_block": start})
        for delta in deltas:
            reply.feed({"type": "content_block_delta", "index": index, "delta": delta})
        reply.feed({"type": "content_block_stop", "index": index})
    reply.feed({"type": "message_delta", "delta": {"stop_reason": "end_turn"}})
    reply.feed({"type": "message_stop"})
    finished = reply.finished(None)
    assert finished is not None
    return finished.blocks


def sent_again(blocks: tuple[Block, ...]) -> Any:
    """The content of the assistant message that echoes the blocks, as the wire has it."""
    messages = (PromptMessage.of("user", "q"), PromptMessage("assistant", blocks))
    return stream_arguments(Request(Parameters("claude-test", 10), (), messages))["messages"][1]["content"]


def test_an_ordinary_reply_is_one_block_of_text() -> None:
    text = {"type": "text", "text": "", "citations": None}
    assert built(block(text, *pieces("text_delta", "text", " The ", "warp.\n"))) == (Text(" The warp.\n"),)


def test_every_kind_of_block_is_sent_again_as_it_came() -> None:
    blocks = built(
        block(
            THINKING,
            *pieces("thinking_delta", "thinking", "hm", ", well"),
            *pieces("signature_delta", "signature", "c2lnbmVk"),
        ),
        block({"type": "redacted_thinking", "data": "eA=="}),
        block({"type": "text", "text": "I look: "}),
        block(
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
            *pieces("input_json_delta", "partial_json", "", '{"que', 'ry": "warp \\ud83d', '\\ude00"}'),
        ),
        block(RESULT),
        block(
            {"type": "text", "text": "", "citations": []},
            {"type": "citations_delta", "citation": CITED},
            *pieces("text_delta", "text", "The warp runs along."),
        ),
        block(
            {"type": "tool_use", "id": "toolu_1", "name": "roll", "input": {}, "caller": {"type": "direct"}},
            *pieces("input_json_delta", "partial_json", '{"dice": ', "2}"),
        ),
        block({"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}}),
        block({"type": "hologram", "beams": [1, None], "colour": "é"}),
    )
    assert sent_again(blocks) == [
        {"type": "thinking", "thinking": "hm, well", "signature": "c2lnbmVk"},
        {"type": "redacted_thinking", "data": "eA=="},
        {"type": "text", "text": "I look: "},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "warp 😀"}},
        RESULT,
        {"type": "text", "text": "The warp runs along.", "citations": [CITED]},
        {
            "type": "tool_use",
            "id": "toolu_1",
            "name": "roll",
            "input": {"dice": 2},
            "caller": {"type": "direct"},
        },
        {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}},
        {"type": "hologram", "beams": [1, None], "colour": "é"},
    ]
    assert [type(each) for each in blocks] == [
        Opaque,
        Opaque,
        Text,
        Opaque,
        Opaque,
        Opaque,
        ToolUse,
        ToolUse,
        Opaque,
    ]


def test_omitted_thinking_keeps_its_signature() -> None:
    (thinking,) = built(block(THINKING, *pieces("signature_delta", "signature", "c2ln")))
    assert isinstance(thinking, Opaque)
    assert json.loads(thinking.json) == {"type": "thinking", "thinking": "", "signature": "c2ln"}


@pytest.mark.parametrize(
    "refused",
    [
        block({"type": "text", "text": ""}),
        block({"type": "text", "text": "\n\n"}),
        block({"type": "tool_use", "id": None, "name": "n", "input": {}}),
        block({"type": "server_tool_use", "id": "t"}, *pieces("input_json_delta", "partial_json", "{")),
        block({}),
    ],
)
def test_what_the_api_would_refuse_is_left_out(
    refused: tuple[dict[str, Any], tuple[dict[str, Any], ...]],
) -> None:
    assert built(refused, block({"type": "text", "text": "Well."})) == (Text("Well."),)


@pytest.mark.parametrize("text", ['{"a', "[1]", "7"])
def test_a_call_whose_input_is_no_object_is_kept_as_a_broken_one(text: str) -> None:
    call = {"type": "tool_use", "id": "t", "name": "n"}
    arrived = built(block(call, *pieces("input_json_delta", "partial_json", text)))
    assert arrived == (ToolUse("t", "n", "{}", is_broken=True),)


def test_unknown_deltas_are_left_out() -> None:
    unknown = {"type": "smell_delta", "smell": "rose"}
    assert built(block({"type": "text", "text": "A"}, unknown)) == (Text("A"),)
    assert built(block(RESULT, unknown)) == (Opaque(json.dumps(RESULT)),)


def test_half_a_pair_of_surrogates_is_sent_again_as_a_replacement() -> None:
    (text, thinking) = built(
        block({"type": "text", "text": ""}, *pieces("text_delta", "text", "bye \ud83d")),
        block(THINKING, *pieces("thinking_delta", "thinking", "\ud83d", "\ude00", "\ud83d")),
    )
    assert text == Text("bye \ufffd")
    assert isinstance(thinking, Opaque)
    assert json.loads(thinking.json)["thinking"] == "😀\ufffd"
