"""What the API refuses in a request of the right shape, in its own words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.simulator.claude.request_bodies import (
    EPHEMERAL,
    HOUR,
    TOOL,
    assistant,
    call,
    refusal,
    result,
    text,
    user,
)

GOOD: list[dict[str, Any]] = [
    {},
    {"system": "Be kind."},
    {"system": [text("Be kind.", HOUR)], "cache_control": HOUR},
    {"system": ""},
    {"messages": [user("hello"), user("again")]},
    {"messages": [user("hello"), assistant("yes"), assistant("and"), user([text("more")])]},
    {"messages": [user("hello"), {"role": "system", "content": "Be brief."}]},
    {
        "messages": [
            user("a"),
            assistant([text("b", EPHEMERAL), text("c", EPHEMERAL)]),
            user([text("d", EPHEMERAL)]),
        ]
    },
    {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "max"}},
    {"thinking": {"type": "between_tools"}, "output_config": {"effort": "high"}},
    {"model": "claude-haiku-5-5", "thinking": {"type": "disabled"}},
    {"model": "claude-haiku-4-5", "thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 1025},
    {"model": "claude-haiku-4-5", "messages": [user("hello"), assistant("The answer is")]},
    {"model": "claude-opus-4-8", "thinking": {"type": "disabled"}, "output_config": {"effort": "max"}},
    {"model": "claude-opus-5", "tools": [TOOL], "tool_choice": {"type": "any"}},
    {"tools": [TOOL, {"type": "web_search_20260318", "name": "web_search", "max_uses": 3}]},
    {"tools": [TOOL], "messages": [user("look"), assistant([call("t1")]), user([result("t1"), text("so?")])]},
    {"max_tokens": 0},
    {
        "max_tokens": 128_000,
        "metadata": {"user_id": "9f86d081"},
        "service_tier": "auto",
        "stop_sequences": ["END"],
    },
    {"diagnostics": {"previous_message_id": None}, "stream": True},
    {"messages": [user([{"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}])]},
    {
        "messages": [
            user([{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}])
        ]
    },
]


@pytest.mark.parametrize("fields", GOOD)
def test_a_good_request_passes(fields: dict[str, Any]) -> None:
    failure = refusal(**fields)
    assert failure is None, failure.message if failure else ""


BAD: list[tuple[dict[str, Any], str]] = [
    # Turns and texts.
    ({"messages": []}, "messages: at least one message is required"),
    ({"messages": [assistant("hi"), user("hello")]}, 'messages: first message must use the "user" role'),
    (
        {"messages": [user("hello"), assistant("The")]},
        "This model does not support assistant message prefill.",
    ),
    (
        {"model": "claude-haiku-4-5", "messages": [user("hello"), assistant("The ")]},
        "messages: final assistant content cannot end with trailing whitespace",
    ),
    ({"messages": [user("")]}, "messages.0: all messages must have non-empty content"),
    ({"messages": [user([])]}, "messages.0: all messages must have non-empty content"),
    ({"messages": [user([text("")])]}, "messages: text content blocks must be non-empty"),
    ({"messages": [user(" \n")]}, "messages: text content blocks must contain non-whitespace text"),
    ({"system": [text("")]}, "system: text content blocks must be non-empty"),
    (
        {"messages": [user("a"), assistant(""), user("b")]},
        "messages.1: all messages must have non-empty content",
    ),
    (
        {"model": "claude-sonnet-4-6", "messages": [user("a"), {"role": "system", "content": "b"}]},
        "messages.1.role: role 'system' is not supported on this model",
    ),
    (
        {"messages": [user("a"), {"role": "system", "content": "b"}, user("c")]},
        "messages.1: a system message must follow a user message",
    ),
    (
        {"messages": [user([call("t1")])]},
        "messages.0.content.0: `tool_use` blocks are only allowed in `assistant`",
    ),
    ({"stop_sequences": [" "]}, "stop_sequences: each stop sequence must contain non-whitespace"),
    # Tools.
    (
        {"messages": [user("look"), assistant([call("t1"), call("t2")]), user([result("t1")])]},
        "messages: `tool_use` ids were found without `tool_result` blocks immediately after: t2.",
    ),
    (
        {"messages": [user([result("t9")])]},
        "messages: unexpected `tool_use_id` found in `tool_result` blocks: t9.",
    ),
    ({"tools": [TOOL, TOOL]}, "tools: Tool names must be unique."),
    (
        {"tools": [TOOL], "tool_choice": {"type": "any"}},
        'tool_choice: type "tool" and "any" are not supported for this model.',
    ),
    (
        {"model": "claude-opus-5", "tools": [TOOL], "tool_choice": {"type": "tool", "name": "hear"}},
        "Tool 'hear' not found in provided tools",
    ),
    (
        {
            "model": "claude-opus-5",
            "tools": [TOOL],
            "tool_choice": {"type": "any"},
            "thinking": {"type": "adaptive"},
        },
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    # Thinking and effort.
    (
        {"thinking": {"type": "disabled"}},
        '"thinking.type.disabled" is not supported for this model. Use "thinking.type.between_tools"',
    ),
    (
        {"model": "claude-opus-5-5", "thinking": {"type": "disabled"}},
        '"thinking.type.disabled" is not supported',
    ),
    (
        {"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 4000},
        '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive"',
    ),
    (
        {"model": "claude-haiku-4-5", "thinking": {"type": "adaptive"}},
        '"thinking.type.adaptive" is not supported',
    ),
    (
        {
            "model": "claude-haiku-4-5",
            "thinking": {"type": "enabled", "budget_tokens": 2000},
            "max_tokens": 2000,
        },
        "`max_tokens` must be greater than `thinking.budget_tokens`.",
    ),
    (
        {"thinking": {"type": "between_tools"}, "output_config": {"effort": "xhigh"}},
        "thinking.type: 'between_tools' is not supported at effort 'xhigh'",
    ),
    (
        {"model": "claude-haiku-5-5", "thinking": {"type": "disabled"}, "output_config": {"effort": "max"}},
        "thinking.type: 'disabled' is not supported at effort 'max'",
    ),
    (
        {"model": "claude-haiku-4-5", "output_config": {"effort": "low"}},
        "This model does not support the effort parameter.",
    ),
    (
        {"model": "claude-sonnet-4-6", "output_config": {"effort": "xhigh"}},
        "output_config.effort: 'xhigh' is not supported",
    ),
    # Breakpoints.
    (
        {"messages": [user([text(word, EPHEMERAL) for word in "abcde"])]},
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    (
        {
            "messages": [user([*(text(word, EPHEMERAL) for word in "abcd"), text("e")])],
            "cache_control": EPHEMERAL,
        },
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    (
        {"system": [text("a", EPHEMERAL)], "messages": [user([text("b", HOUR)])]},
        "messages.0.content.0.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m'",
    ),
    (
        {"messages": [user([text("b", HOUR)])], "cache_control": EPHEMERAL},
        "cache_control: the automatic breakpoint falls on a block whose own cache_control has another ttl",
    ),
    (
        {"system": [text("a", EPHEMERAL)], "cache_control": HOUR},
        "messages.0.content.0.cache_control.ttl: a ttl='1h'",
    ),
    # Limits.
    (
        {"max_tokens": 128_001},
        "max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens for claude-sonnet-5-5",
    ),
    ({"max_tokens": 0, "stream": True}, "max_tokens: 0 is not allowed with stream"),
]


@pytest.mark.parametrize(("fields", "message"), BAD)
def test_a_bad_request_is_a_400_that_says_what_is_wrong(fields: dict[str, Any], message: str) -> None:
    failure = refusal(**fields)
    assert failure is not None
    assert (failure.status, failure.type) == (400, "invalid_request_error")
    assert failure.message.startswith(message)


@pytest.mark.parametrize("name", ["claude-1000", "claude-3-5-haiku-latest", "gpt-4"])
def test_an_unknown_or_retired_model_is_not_found(name: str) -> None:
    failure = refusal(model=name)
    assert failure is not None
    assert (failure.status, failure.type, failure.message) == (404, "not_found_error", f"model: {name}")


def test_a_prompt_beyond_the_context_window_is_refused_with_both_numbers() -> None:
    # 2.6 characters make two thirds of a token more in older models, whose window holds 200,000 tokens.
    words = "x" * 700_000
    failure = refusal(model="claude-haiku-4-5", messages=[user(words)])
    assert failure is not None
    assert failure.message == "prompt is too long: 215400 tokens > 200000 maximum"
    assert refusal(messages=[user(words)]) is None


def test_four_breakpoints_and_an_automatic_one_on_the_last_of_them_are_four() -> None:
    blocks = [text(word, EPHEMERAL) for word in "abcd"]
    assert refusal(messages=[user(blocks)], cache_control=EPHEMERAL) is None


def test_an_older_version_of_the_api_takes_sampling_parameters_where_the_model_does() -> None:
    assert refusal(sampling=True, model="claude-haiku-4-5", temperature=0.2) is None
    failure = refusal(sampling=True, temperature=0.2)
    assert failure is not None
    assert failure.message == "`temperature` is deprecated for this model."
