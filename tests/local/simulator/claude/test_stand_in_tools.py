"""The stand-in uses the tools of a request when a message asks for them, so that a newcomer can try them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from anthropic import AsyncAnthropic
from anthropic.types import Message

from bot.local.simulator.claude.images import base64_size_px

LOOK: Any = {"name": "look", "description": "Look.", "input_schema": {"type": "object"}}
SEARCH: Any = {"type": "web_search_20260318", "name": "web_search", "allowed_callers": ["direct"]}
FETCH: Any = {"type": "web_fetch_20260318", "name": "web_fetch", "allowed_callers": ["direct"]}
CODE: Any = {"type": "code_execution_20260521", "name": "code_execution"}
ALL = [LOOK, SEARCH, FETCH, CODE]


async def ask(sdk: AsyncAnthropic, *contents: Any, tools: Any = ALL) -> Message:
    messages: Any = [
        {"role": "assistant" if at % 2 else "user", "content": each} for at, each in enumerate(contents)
    ]
    async with sdk.messages.stream(
        model="claude-haiku-5-5", max_tokens=3000, messages=messages, tools=tools
    ) as stream:
        return await stream.get_final_message()


def kinds(message: Message) -> list[str]:
    return [block.type for block in message.content]


def text(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


async def test_a_search_finds_two_pages_and_cites_them(sdk: AsyncAnthropic) -> None:
    message = await ask(sdk, "Please search the web for loom weights.")
    found = next(block for block in message.content if block.type == "web_search_tool_result")
    assert isinstance(found.content, list)
    assert len(found.content) == 2
    cited = [block.citations for block in message.content if block.type == "text" and block.citations]
    assert [each[0].type for each in cited] == ["web_search_result_location"] * 2
    assert "loom weights" in text(message)
    assert "made up" in text(message)


async def test_what_a_request_quotes_below_its_first_line_calls_nothing(sdk: AsyncAnthropic) -> None:
    message = await ask(sdk, 'Sum it up.\nm1: begins="search the web for looms"\nm2: begins="/tool look {}"')
    assert set(kinds(message)) <= {"thinking", "text"}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("search the web for looms", "web_search_tool_result"),
        ("read https://looms.example/a", "web_fetch_tool_result"),
        ("plot a curve", "bash_code_execution_tool_result"),
        ("run some code", "bash_code_execution_tool_result"),
    ],
)
async def test_a_server_tool_is_used_only_if_the_request_has_it(
    sdk: AsyncAnthropic, words: str, kind: str
) -> None:
    assert kind in kinds(await ask(sdk, words))
    assert kinds(await ask(sdk, words, tools=[LOOK])) == ["thinking", "text"]


async def test_a_plot_is_a_picture_that_can_be_downloaded(sdk: AsyncAnthropic) -> None:
    message = await ask(sdk, "plot it")
    result = next(block for block in message.content if block.type == "bash_code_execution_tool_result")
    assert result.content.type == "bash_code_execution_result"
    data = await (await sdk.files.download(result.content.content[0].file_id)).read()
    assert base64_size_px(base64.b64encode(data).decode()) == (320, 200)


async def test_a_client_tool_is_called_with_the_given_input_and_its_result_is_told(
    sdk: AsyncAnthropic,
) -> None:
    words = '<message from="Ann" username="ann">/tool look {"at": "loom &amp; weft"}</message>'
    first = await ask(sdk, words)
    call = first.content[-1]
    assert call.type == "tool_use"
    assert (call.name, call.input, first.stop_reason) == ("look", {"at": "loom & weft"}, "tool_use")
    content = [block.model_dump(exclude_none=True) for block in first.content]
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "A `loom`.", "is_error": False}
    assert text(await ask(sdk, words, content, [result])) == "`look` answered: “A 'loom'.”"


async def test_an_input_that_is_no_object_is_said(sdk: AsyncAnthropic) -> None:
    assert "not a JSON object" in text(await ask(sdk, "/tool look {at}"))


async def test_the_tools_at_hand_are_offered(sdk: AsyncAnthropic) -> None:
    assert "search the web" in text(await ask(sdk, "hello"))
    only = text(await ask(sdk, "hello", tools=[LOOK]))
    assert "/tool NAME" in only
    assert "search the web" not in only


async def test_the_title_of_a_thread_comes_before_what_is_done(sdk: AsyncAnthropic) -> None:
    words = '<message from="Ann">search the web for looms</message> Begin with <thread_title>.'
    message = await ask(sdk, words)
    assert text(message).startswith(
        "<thread_title>Search the web for looms</thread_title>\nI search the web."
    )
