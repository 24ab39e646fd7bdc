"""Which calls and results in messages are refused."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic import AsyncAnthropic

from bot.local.simulator.claude import Claude, Reply, ToolUse, web_search
from bot.local.simulator.claude.web_results import web_citation, web_result
from tests.local.simulator.claude.tool_requests import (
    CODE,
    HAIKU,
    HELLO,
    HELLOS,
    LOOMS,
    MORE,
    SEARCH,
    ask,
    assistant,
    refused,
    text,
    tool,
    user,
)


def call(name: str, /, **fields: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": name, "name": "look", "input": {}, **fields}


def result(name: str, /, **fields: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": name, "content": "seen", **fields}


def searched(name: str, /, **fields: Any) -> dict[str, Any]:
    return {"type": "server_tool_use", "id": name, "name": "web_search", "input": {"query": "warp"}, **fields}


def found(name: str, *pages: Any) -> dict[str, Any]:
    return {"type": "web_search_tool_result", "tool_use_id": name, "content": list(pages)}


BOTH: Any = [tool(), SEARCH]
FORGED = web_result(LOOMS) | {"encrypted_content": "RW5jcnlwdGVk"}
MOVED = web_result(LOOMS) | {"url": "https://other.example"}
CITED = web_citation(LOOMS, "the warp")

BAD_MESSAGES: list[tuple[list[Any], str]] = [
    ([HELLO, assistant(call("t1"), call("t2")), user(result("t1"))], "immediately after: t2."),
    ([HELLO, assistant(call("t1")), user(text("wait"), result("t1"))], "immediately after: t1."),
    (
        [HELLO, assistant(call("t1")), user(result("t1"), result("t1"))],
        "Found multiple `tool_result` blocks with id: t1",
    ),
    (
        [HELLO, assistant(call("t1")), user(result("t1")), assistant(call("t1")), user(result("t1"))],
        "must be unique",
    ),
    (
        [HELLO, assistant(text("I look.")), user(result("t9"))],
        "unexpected `tool_use_id` found in `tool_result`",
    ),
    (
        [HELLO, assistant(call("t1")), user(result("t1")), assistant(text("So.")), user(result("t1"))],
        "unexpected `tool_use_id` found in `tool_result`",
    ),
    (
        [HELLO, assistant(call("t1")), user(result("t1", content="", is_error=True))],
        "content cannot be empty if",
    ),
    (
        [HELLO, assistant(call("t1")), user(result("t1", content=[text(" ")]))],
        "must contain non-whitespace text",
    ),
    (
        [HELLO, assistant(call("t1")), user(result("t1", content=[call("t2")]))],
        "Input tag does not match any",
    ),
    (
        [HELLO, assistant(call("t1", input="{}")), user(result("t1"))],
        "input: Input should be a valid dictionary",
    ),
    ([user(call("t1"))], "`tool_use` blocks are only allowed in `assistant` messages"),
    ([HELLO, assistant(result("t1")), MORE], "`tool_result` blocks are only allowed in `user` messages"),
    ([HELLO, assistant({"type": "mcp_tool_use", "id": "m1"}), MORE], "Input tag does not match any"),
    ([HELLO, assistant(searched("toolu_1")), MORE], "String should match pattern '^srvtoolu_"),
    ([HELLO, assistant(searched("srvtoolu_1", name="dance")), MORE], "name: Input should be 'web_search'"),
    (
        [HELLO, assistant(searched("srvtoolu_1")), MORE],
        "`web_search` tool use with id `srvtoolu_1` was found without a corresponding `web_search_tool_result` block",
    ),
    (
        [HELLO, assistant(found("srvtoolu_1", web_result(LOOMS))), MORE],
        "unexpected `tool_use_id` found in `web_search",
    ),
    (
        [HELLO, assistant(searched("srvtoolu_1"), found("srvtoolu_1", FORGED)), MORE],
        "Invalid `encrypted_content`",
    ),
    (
        [HELLO, assistant(searched("srvtoolu_1"), found("srvtoolu_1", MOVED)), MORE],
        "Invalid `encrypted_content`",
    ),
    (
        [HELLO, assistant(searched("srvtoolu_1"), found("srvtoolu_1", {"type": "web_search_result"})), MORE],
        "url: Field required",
    ),
    ([user(searched("srvtoolu_1"))], "`server_tool_use` blocks are only allowed in `assistant` messages"),
    (
        [HELLO, assistant(text("Warp.", citations=[CITED | {"encrypted_index": "eA=="}])), MORE],
        "`encrypted_index`",
    ),
    (
        [HELLO, assistant(text("Warp.", citations=[CITED | {"page": 3}])), MORE],
        "page: Extra inputs are not permitted",
    ),
    (
        [HELLO, assistant(text("Warp.", citations=[{"type": "hearsay"}])), MORE],
        "citations.0: Input tag 'hearsay'",
    ),
    ([user(text("Warp.", citations=[CITED]))], "text.citations: Extra inputs are not permitted"),
    (
        [
            user(
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a"}},
                {
                    "type": "document",
                    "source": {"type": "text", "media_type": "text/plain", "data": "b"},
                    "citations": {"enabled": True},
                },
            )
        ],
        "citations must be enabled on all or none of the documents",
    ),
]


@pytest.mark.parametrize(("messages", "words"), BAD_MESSAGES)
async def test_bad_calls_and_results_are_refused_with_what_is_wrong(
    sdk: AsyncAnthropic, messages: list[Any], words: str
) -> None:
    await refused(sdk, words, [tool(), SEARCH, CODE], messages)


GOOD_MESSAGES: list[list[Any]] = [
    [HELLO, assistant(call("t1"), call("t2")), user(result("t2"), result("t1"), text("so?"))],
    [HELLO, assistant(call("t1")), user(result("t1", content=None))],
    [HELLO, assistant(call("t1")), user(result("t1", content=[text("seen")], is_error=True))],
    [HELLO, assistant(searched("srvtoolu_1"), found("srvtoolu_1", web_result(LOOMS)), text("So.")), MORE],
    [HELLO, assistant(text("Warp.", citations=[CITED])), MORE],
    [HELLO, assistant(text("So, in words alone.")), MORE],
    [
        HELLO,
        assistant(call("t1")),
        user(
            result(
                "t1",
                content=[
                    {"type": "search_result", "source": "a", "title": "b", "content": [text("c")]},
                ],
            )
        ),
    ],
]


@pytest.mark.parametrize("messages", GOOD_MESSAGES)
async def test_good_calls_and_results_pass(sdk: AsyncAnthropic, messages: list[Any]) -> None:
    await ask(sdk, [tool(), SEARCH], messages)


async def test_text_behind_the_results_is_refused_while_a_server_tool_call_is_open(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(Reply.of(web_search("warp", LOOMS, later=True), ToolUse("look")))
    first = await sdk.messages.create(
        model=HAIKU,
        max_tokens=2000,
        messages=HELLOS,
        tools=BOTH,
    )
    said = assistant(*(block.model_dump(exclude_none=True) for block in first.content))
    answer = result(said["content"][-1]["id"])
    await refused(
        sdk, "only `tool_result` blocks", [tool(), SEARCH], [HELLO, said, user(answer, text("so?"))]
    )
    await ask(sdk, [tool(), SEARCH], [HELLO, said, user(answer)])
