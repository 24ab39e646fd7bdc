"""What the API refuses about tools, their calls and their results, as the unmodified SDK meets it."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest
from anthropic import AsyncAnthropic

from bot.local.simulator.claude import Claude, MadeFile, Reply, ToolUse, bash, cited, web_search
from tests.local.simulator.claude.tool_requests import (
    CODE,
    HAIKU,
    HELLO,
    HELLOS,
    LOOMS,
    MORE,
    OLD_HAIKU,
    OPUS,
    SEARCH,
    ask,
    assistant,
    refused,
    text,
    tool,
    user,
)

FETCH: Any = {"type": "web_fetch_20260318", "name": "web_fetch", "allowed_callers": ["direct"]}
CLOSED = {"type": "object", "additionalProperties": False}


def schema(**fields: Any) -> dict[str, Any]:
    return tool(input_schema={"type": "object", **fields})


def strict(name: str = "look", /, **properties: Any) -> dict[str, Any]:
    return tool(name, strict=True, input_schema={**CLOSED, "properties": properties})


PLAIN: dict[str, Any] = {f"p{at}": {"type": "string"} for at in range(25)}
UNIONS: dict[str, Any] = {f"p{at}": {"type": ["string", "null"]} for at in range(17)}

GOOD: list[dict[str, Any]] = [
    {"tools": []},
    {"tools": [tool(), tool("hear", type="custom", cache_control={"type": "ephemeral"})]},
    {"tools": [SEARCH | {"max_uses": 3, "blocked_domains": ["a.example"]}, FETCH, CODE]},
    {
        "tools": [
            SEARCH | {"user_location": {"type": "approximate", "city": "Graz", "country": "AT"}},
            FETCH
            | {
                "max_content_tokens": 5000,
                "citations": {"enabled": True},
                "use_cache": False,
                "url_sources": {"user_input": {"type": "none"}},
            },
        ]
    },
    {"tools": [tool()], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
    {"tools": [tool()], "tool_choice": {"type": "none"}},
    {"tools": [strict(at={"type": "string", "enum": ["loom"]})]},
    {"tools": [{"type": "web_search_20260318", "name": "web_search"}]},
]


@pytest.mark.parametrize("fields", GOOD)
async def test_good_tools_pass(sdk: AsyncAnthropic, fields: dict[str, Any]) -> None:
    await ask(sdk, **fields)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"tools": [tool("look up")]}, "tools.0.custom.name: String should match pattern"),
    ({"tools": [tool("x" * 65)]}, "tools.0.custom.name: String should match pattern"),
    ({"tools": [{"name": "look"}]}, "tools.0.custom.input_schema: Field required"),
    ({"tools": [tool(input_schema={})]}, "tools.0.custom.input_schema: type: Field required"),
    ({"tools": [tool(input_schema={"type": "array"})]}, "type: Input should be 'object'"),
    ({"tools": [schema(anyOf=[])]}, "does not support oneOf, allOf, or anyOf at the top level"),
    ({"tools": [schema(properties=[])]}, "JSON schema is invalid"),
    ({"tools": [schema(required="at")]}, "JSON schema is invalid"),
    ({"tools": [schema(properties={"where to": {}})]}, "Property keys should match pattern"),
    ({"tools": [tool(colour="red")]}, "tools.0.custom.colour: Extra inputs are not permitted"),
    ({"tools": [tool(), tool()]}, "tools: Tool names must be unique."),
    ({"tools": [SEARCH, tool("web_search")]}, "tools: Tool names must be unique."),
    (
        {"tools": [{"type": "web_search_20990101", "name": "web_search"}]},
        "tools.0: Input tag found using 'type'",
    ),
    ({"tools": [{"type": "memory_20250818", "name": "memory"}]}, "does not match any of the expected tags"),
    ({"tools": [SEARCH | {"name": "search"}]}, "Input should be 'web_search'"),
    ({"tools": [SEARCH | {"max_content_tokens": 3}]}, "max_content_tokens: Extra inputs are not permitted"),
    ({"tools": [SEARCH | {"max_uses": 0}]}, "max_uses: Input should be greater than 0"),
    ({"tools": [SEARCH | {"allowed_callers": ["anybody"]}]}, "allowed_callers.0: Input should be 'direct'"),
    (
        {"tools": [SEARCH | {"allowed_domains": ["a.example"], "blocked_domains": ["b.example"]}]},
        "Only one of allowed_domains or blocked_domains",
    ),
    ({"tools": [SEARCH | {"allowed_domains": ["https://a.example"]}]}, "allowed_domains.0"),
    ({"tools": [FETCH | {"user_location": {"type": "approximate"}}]}, "user_location: Extra inputs"),
    (
        {"tools": [SEARCH | {"user_location": {"type": "exact"}}]},
        "user_location.type: Input should be 'approximate'",
    ),
    ({"tools": [CODE | {"max_uses": 1}]}, "max_uses: Extra inputs are not permitted"),
    ({"tools": [tool(defer_loading=True)]}, "`defer_loading` needs a tool search tool"),
    (
        {"tools": [{"type": "web_search_20260318", "name": "web_search"}], "model": OLD_HAIKU},
        "'claude-haiku-4-5-20251001' does not support programmatic tool calling",
    ),
    ({"tools": [tool(allowed_callers=["code_execution_20260120"])]}, "needs the code execution tool"),
    ({"tools": [CODE, tool(allowed_callers=["code_execution_20260120"])]}, "are not known here"),
    ({"tools": [tool(strict=True)]}, "'additionalProperties' must be explicitly set to false"),
    ({"tools": [strict(at={"type": "integer", "minimum": 1})]}, "property 'minimum' is not supported"),
    (
        {"tools": [strict(at={"type": "array", "items": {"type": "object", "properties": {}}})]},
        "'additionalProperties' must be explicitly set to false",
    ),
    ({"tools": [strict(f"look{at}") for at in range(21)]}, "Too many strict tools (21)"),
    (
        {"tools": [strict(**PLAIN)]},
        "too many optional parameters (25)",
    ),
    (
        {"tools": [strict(**UNIONS)]},
        "too many parameters with union types (17)",
    ),
    ({"tool_choice": {"type": "auto"}}, "tool_choice may only be specified while providing tools."),
    ({"tools": [tool()], "tool_choice": {"type": "some"}}, "tool_choice: Input tag 'some'"),
    ({"tools": [tool()], "tool_choice": {"type": "tool"}}, "tool_choice.tool.name: Field required"),
    (
        {"tools": [tool()], "tool_choice": {"type": "auto", "name": "look"}},
        "tool_choice.auto.name: Extra inputs",
    ),
    (
        {"tools": [tool()], "tool_choice": {"type": "any"}, "model": "claude-opus-5-5"},
        "are not supported for this",
    ),
    (
        {"tools": [tool()], "tool_choice": {"type": "tool", "name": "hear"}, "model": OPUS},
        "Tool 'hear' not found in provided tools",
    ),
    ({"container": "container_1"}, "container: a container needs the code execution tool"),
]


@pytest.mark.parametrize(("fields", "words"), BAD)
async def test_bad_tools_are_refused_with_what_is_wrong(
    sdk: AsyncAnthropic, fields: dict[str, Any], words: str
) -> None:
    await refused(sdk, words, **fields)
    counted = {"model": HAIKU, "messages": [{"role": "user", "content": "hello"}], **fields}
    if "container" not in fields:
        with pytest.raises(anthropic.BadRequestError):
            await sdk.messages.count_tokens(**counted)


async def test_a_file_for_the_container_needs_code_execution_and_a_living_file(sdk: AsyncAnthropic) -> None:
    uploaded = await sdk.files.upload(file=("a.csv", b"1,2", "text/csv"))
    block = {"type": "container_upload", "file_id": uploaded.id}
    await ask(sdk, [CODE], [user(text("Sum it."), block)])
    await refused(sdk, "need the code execution tool", [tool()], [user(text("Sum it."), block)])
    await refused(sdk, "only allowed in `user` messages", [CODE], [HELLO, assistant(block), MORE])
    await sdk.files.delete(uploaded.id)
    with pytest.raises(anthropic.NotFoundError):
        await ask(sdk, [CODE], [user(text("Sum it."), block)])


async def test_an_upload_of_ones_own_cannot_be_downloaded(sdk: AsyncAnthropic) -> None:
    uploaded = await sdk.files.upload(file=("a.csv", b"1,2", "text/csv"))
    with pytest.raises(anthropic.BadRequestError, match="cannot be downloaded"):
        await sdk.files.download(uploaded.id)


async def test_files_of_code_belong_to_the_workspace_of_the_request(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(Reply.of(bash("ls", files=(MadeFile("a.txt", "text/plain", b"a"),))))
    await ask(sdk, [CODE])
    (file_id,) = claude.files.files
    assert await (await sdk.files.download(file_id)).read() == b"a"
    with pytest.raises(anthropic.NotFoundError):
        await sdk.with_options(api_key="another key").files.download(file_id)


async def test_an_organization_or_a_model_can_be_without_a_server_tool(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.withhold("code_execution", model=HAIKU)
    await refused(sdk, "'claude-haiku-5-5' does not support the `code_execution` tool", [CODE])
    await ask(sdk, [CODE], model=OPUS)
    capabilities = (await sdk.models.retrieve(HAIKU)).capabilities
    assert capabilities is not None
    assert not capabilities.server_tools.code_execution.supported
    assert capabilities.server_tools.web_search.supported
    claude.withhold("web_search")
    for model in (HAIKU, OPUS):
        await refused(sdk, "web_search tool is not enabled for your organization", [SEARCH], model=model)
    assert capabilities.server_tools.web_search.supported
    claude.clear()
    await ask(sdk, [SEARCH, CODE])


async def test_a_script_that_the_model_could_not_follow_is_an_error(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    for reply, fields in (
        (Reply.of(web_search("warp", LOOMS)), {"tools": [tool()]}),
        (Reply.of(ToolUse("look")), {"tools": [tool()], "tool_choice": {"type": "none"}}),
        (
            Reply.of(ToolUse("look"), ToolUse("look")),
            {"tools": [tool()], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        ),
    ):
        claude.say(reply)
        with pytest.raises(anthropic.InternalServerError, match="The script calls"):
            await ask(sdk, **fields)


async def test_cited_text_comes_back_as_it_was(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(Reply.of(web_search("warp", LOOMS), cited("Held.", LOOMS)))
    first = await sdk.messages.create(
        model=HAIKU,
        max_tokens=2000,
        messages=HELLOS,
        tools=[SEARCH],
    )
    said = assistant(*(block.model_dump(exclude_none=True) for block in first.content))
    await ask(sdk, [SEARCH], [HELLO, said, MORE])
