"""Scripted replies of steps: text, thinking, calls of tools, as the unmodified SDK meets them."""

from __future__ import annotations

import asyncio
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import Message

from bot.local.simulator.claude import (
    Claude,
    Gate,
    MadeFile,
    Page,
    Raw,
    Reply,
    Text,
    Thinking,
    ToolUse,
    bash,
    cited,
    faults,
    web_fetch,
    web_search,
)
from bot.local.simulator.claude.answer import Pace
from bot.local.simulator.claude.response import Part, Response

HAIKU, SONNET = "claude-haiku-5-5", "claude-sonnet-5-5"
HELLO: dict[str, Any] = {"role": "user", "content": "Look at https://looms.example"}
HELLOS: Any = [HELLO]
LOOK: Any = {"name": "look", "description": "Look.", "input_schema": {"type": "object"}}
SEARCH: Any = {"type": "web_search_20260318", "name": "web_search", "allowed_callers": ["direct"]}
FETCH: Any = {"type": "web_fetch_20260318", "name": "web_fetch", "allowed_callers": ["direct"]}
CODE: Any = {"type": "code_execution_20260521", "name": "code_execution"}
LOOMS = Page("https://looms.example", "Looms", "A loom holds the warp.")


async def ask(sdk: AsyncAnthropic, *messages: Any, model: str = HAIKU, **fields: Any) -> Message:
    arguments: dict[str, Any] = {"max_tokens": 4000, "tools": [LOOK, SEARCH, FETCH, CODE], **fields}
    async with sdk.messages.stream(model=model, messages=list(messages) or HELLOS, **arguments) as stream:
        return await stream.get_final_message()


async def whole(sdk: AsyncAnthropic, *messages: Any, **fields: Any) -> Message:
    arguments: dict[str, Any] = {"max_tokens": 4000, "tools": [LOOK, SEARCH, FETCH, CODE], **fields}
    message: Message = await sdk.messages.create(model=HAIKU, messages=list(messages) or HELLOS, **arguments)
    return message


def kinds(message: Message) -> list[str]:
    return [block.type for block in message.content]


def sent(message: Message) -> dict[str, Any]:
    return {
        "role": "assistant",
        "content": [block.model_dump(exclude_none=True) for block in message.content],
    }


def results(message: Message, *more: Any) -> dict[str, Any]:
    calls = [block for block in message.content if block.type == "tool_use"]
    answers = [{"type": "tool_result", "tool_use_id": call.id, "content": "seen"} for call in calls]
    return {"role": "user", "content": [*answers, *more]}


@pytest.mark.parametrize("how", [ask, whole])
async def test_calls_of_client_tools_come_with_ids_of_their_own_and_the_loop_goes_on(
    claude: Claude, sdk: AsyncAnthropic, how: Any
) -> None:
    claude.say(Reply.of("I look. ", ToolUse("look", {"at": "loom"}), ToolUse("look", {"at": "weft"})))
    claude.say("Seen.")
    first = await how(sdk)
    assert first.stop_reason == "tool_use"
    assert kinds(first) == ["thinking", "text", "tool_use", "tool_use"]
    calls = [block for block in first.content if block.type == "tool_use"]
    assert [call.input for call in calls] == [{"at": "loom"}, {"at": "weft"}]
    assert calls[0].id != calls[1].id
    second = await how(sdk, HELLO, sent(first), results(first))
    assert (second.stop_reason, kinds(second)) == ("end_turn", ["thinking", "text"])
    assert [block["type"] for block in claude.requests[0].content] == kinds(first)


async def test_the_input_of_a_call_comes_in_pieces_and_may_be_invalid_json(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(Reply.of(ToolUse("look", partial_json='{"at": "lo')))
    async with sdk.messages.stream(
        model=HAIKU,
        max_tokens=2000,
        messages=HELLOS,
        tools=[LOOK],
    ) as stream:
        pieces = [event.partial_json async for event in stream if event.type == "input_json"]
    assert "".join(pieces) == '{"at": "lo'


async def test_the_limit_cuts_a_call_in_the_middle(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(Reply.of(ToolUse("look", {"at": "loom " * 100}), ToolUse("look", {"at": "weft"})))
    message = await ask(sdk, max_tokens=100, thinking={"type": "disabled"})
    assert (message.stop_reason, kinds(message), message.usage.output_tokens) == (
        "max_tokens",
        ["tool_use"],
        100,
    )
    assert (
        await sdk.messages.create(model=HAIKU, max_tokens=10, messages=HELLOS)
    ).stop_reason == "max_tokens"


async def test_a_call_of_a_tool_that_the_request_lacks_can_be_scripted(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(Reply.of(ToolUse("dance")))
    message = await ask(sdk)
    assert message.content[-1].type == "tool_use"
    assert message.content[-1].name == "dance"


async def test_a_search_comes_with_its_results_and_citations(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(Reply.of(web_search("warp", LOOMS), "So: ", cited("the warp is held.", LOOMS)))
    message = await ask(sdk)
    assert kinds(message) == ["thinking", "server_tool_use", "web_search_tool_result", "text", "text"]
    found = message.content[2]
    assert found.type == "web_search_tool_result"
    assert isinstance(found.content, list)
    assert (found.content[0].url, found.content[0].title) == (LOOMS.url, LOOMS.title)
    text = message.content[-1]
    assert text.type == "text"
    assert text.citations is not None
    assert text.citations[0].type == "web_search_result_location"
    assert text.citations[0].cited_text == LOOMS.text
    assert message.usage.server_tool_use is not None
    assert message.usage.server_tool_use.web_search_requests == 1


async def test_an_error_of_a_server_tool_is_a_result(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(Reply.of(web_search("warp", error="unavailable"), "I cannot search."))
    message = await ask(sdk)
    result = message.content[2]
    assert result.type == "web_search_tool_result"
    assert not isinstance(result.content, list)
    assert result.content.error_code == "unavailable"
    assert message.usage.server_tool_use is not None
    assert message.usage.server_tool_use.web_search_requests == 0


async def test_nothing_comes_between_a_call_of_a_server_tool_and_its_result_until_the_gate_opens(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    gate = Gate(None, None)
    claude.say(Reply.of(web_search("warp", LOOMS, gate=gate), "So."))
    seen: list[str] = []

    async def read() -> None:
        async with sdk.messages.stream(
            model=HAIKU,
            max_tokens=2000,
            messages=HELLOS,
            tools=[SEARCH],
        ) as stream:
            stops = (event async for event in stream if event.type == "content_block_stop")
            async for stop in stops:
                seen.append(stop.content_block.type)  # noqa: PERF401 - each as it comes

    reading = asyncio.create_task(read())
    await gate.reached()
    await claude.until(lambda: "server_tool_use" in seen)
    assert seen[-1] == "server_tool_use"
    gate.release()
    await reading
    assert seen[-2:] == ["web_search_tool_result", "text"]


async def test_files_that_code_makes_can_be_downloaded(claude: Claude, sdk: AsyncAnthropic) -> None:
    made = MadeFile("plot.png", "image/png", b"\x89PNG\r\n\x1a\n")
    claude.say(Reply.of(bash("python plot.py", "done\n", files=(made,)), "Here it is."))
    message = await ask(sdk)
    assert message.container is not None
    result = message.content[2]
    assert result.type == "bash_code_execution_tool_result"
    assert result.content.type == "bash_code_execution_result"
    assert result.content.stdout == "done\n"
    (output,) = result.content.content
    metadata = await sdk.files.retrieve_metadata(output.file_id)
    assert (metadata.filename, metadata.downloadable) == ("plot.png", True)
    assert await (await sdk.files.download(output.file_id)).read() == made.data


async def test_a_call_of_a_server_tool_beside_a_client_tool_is_run_when_the_client_has_answered(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(Reply.of(web_search("warp", LOOMS, later=True), ToolUse("look")))
    claude.say("Both seen.")
    first = await ask(sdk)
    assert (first.stop_reason, kinds(first)) == ("tool_use", ["thinking", "server_tool_use", "tool_use"])
    second = await ask(sdk, HELLO, sent(first), results(first))
    assert kinds(second) == ["web_search_tool_result", "thinking", "text"]


async def test_thinking_can_stand_between_calls(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(Reply.of(web_search("warp", LOOMS), Thinking("Is that all?"), "Yes."))
    message = await ask(sdk, thinking={"type": "adaptive", "display": "summarized"})
    assert kinds(message) == ["server_tool_use", "web_search_tool_result", "thinking", "text"]
    thought = message.content[2]
    assert thought.type == "thinking"
    assert thought.thinking == "Is that all?"


async def test_text_between_calls_comes_as_thinking_on_models_that_do_so(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    reply = Reply.of("I look. ", web_search("a", LOOMS), "Again. ", web_search("b", LOOMS), "So.")
    around = ["thinking", "text", "server_tool_use", "web_search_tool_result"]
    after = ["server_tool_use", "web_search_tool_result", "text"]
    claude.say(reply)
    assert kinds(await ask(sdk)) == [*around, "text", *after]
    for fields, shown in (({}, ""), ({"thinking": {"type": "between_tools"}}, "Again. ")):
        claude.say(reply)
        message = await ask(sdk, model=SONNET, **fields)
        note = message.content[kinds(message).index("web_search_tool_result") + 1]
        assert note.type == "thinking"
        assert note.thinking == shown


async def test_a_block_of_an_unknown_type_can_be_scripted(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(Reply.of(Raw({"type": "hologram", "shape": "loom"}), "There."))
    assert "hologram" in kinds(await ask(sdk))


async def test_a_connection_can_drop_in_the_middle_of_a_call(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(Reply.of("I look. ", ToolUse("look", partial_json='{"at": '), faults.dropped()))
    with pytest.raises(httpx2.HTTPError):
        await ask(sdk)
    claude.say(Reply.of("I look. ", ToolUse("look"), faults.error_event(0)))
    with pytest.raises(anthropic.APIStatusError):
        await ask(sdk)


async def test_a_page_is_fetched_only_if_the_conversation_has_its_address(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    for url, kind in (
        (LOOMS.url, "web_fetch_result"),
        ("https://other.example", "web_fetch_tool_result_error"),
    ):
        claude.say(Reply.of(web_fetch(url), "Read."))
        result = (await ask(sdk)).content[2]
        assert result.type == "web_fetch_tool_result"
        assert result.content.type == kind


def test_the_pauses_of_a_text_take_the_place_of_the_pace_and_deltas_beyond_them_have_the_pace() -> None:
    response, pace = Response((), "end_turn"), Pace(0.0, 10.0)
    deltas = ({"type": "text_delta", "text": "word"}, {"type": "text_delta", "text": "word"})
    part = Part({"type": "text"}, {"type": "text"}, deltas, (2.5,))
    waits = [pace.before(delta, response, part.pause_s(at)) for at, delta in enumerate(deltas)]
    assert waits[0] == 2.5
    assert 0 < waits[1] < 1


async def test_a_text_with_pauses_comes_in_its_own_deltas(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(Reply.of(Text(("On", "ce ", "more."), pauses_s=(0.0, 0.01, 0.0))))
    async with sdk.messages.stream(
        model=HAIKU, max_tokens=100, messages=[{"role": "user", "content": "again"}]
    ) as events:
        pieces = [piece async for piece in events.text_stream]
    assert pieces == ["On", "ce ", "more."]
