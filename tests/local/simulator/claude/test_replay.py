"""What a turn goes on from: the content of its responses comes back unchanged, or is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anthropic
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import Message

from bot.local.simulator.claude import Claude, Page, Reply, ToolUse, web_search

HELLO: dict[str, Any] = {"role": "user", "content": "hello"}
PAGE = Page("https://looms.example", "Looms", "A loom holds the warp.")
SONNET, HAIKU = "claude-sonnet-5-5", "claude-haiku-5-5"
SEARCH: Any = {"type": "web_search_20260318", "name": "web_search", "allowed_callers": ["direct"]}


async def ask(sdk: AsyncAnthropic, *messages: Any, model: str = HAIKU, **fields: Any) -> Message:
    arguments: dict[str, Any] = {"max_tokens": 2000, "tools": [SEARCH], **fields}
    async with sdk.messages.stream(model=model, messages=list(messages), **arguments) as stream:
        return await stream.get_final_message()


def said(content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def sent(message: Message) -> list[Any]:
    """The content as a client sends it again."""
    return [block.model_dump(exclude_none=True) for block in message.content]


async def test_a_paused_response_goes_on_from_its_content_and_may_pause_again(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(Reply.of("I look. ", web_search("warp", PAGE, later=True)))
    claude.say(Reply.of("Again. ", web_search("weft", PAGE, later=True)))
    claude.say("Done.")
    first = await ask(sdk, HELLO)
    assert first.stop_reason == "pause_turn"
    assert [block.type for block in first.content] == ["thinking", "text", "server_tool_use"]
    assert sent(first)[-1]["input"] == {"query": "warp"}
    second = await ask(sdk, HELLO, said(sent(first)))
    assert [block.type for block in second.content] == [
        "web_search_tool_result",
        "thinking",
        "text",
        "server_tool_use",
    ]
    # In one message or in two: messages of one role in a row are one turn.
    last = await ask(sdk, HELLO, said(sent(first)), said(sent(second)))
    assert (last.stop_reason, last.content[-1].type) == ("end_turn", "text")
    claude.say("Done.")
    whole = await ask(sdk, HELLO, said(sent(first) + sent(second)))
    assert whole.stop_reason == "end_turn"


def without(kind: str) -> Callable[[list[Any]], list[Any]]:
    return lambda blocks: [block for block in blocks if block["type"] != kind]


def shorter(blocks: list[Any]) -> list[Any]:
    return [{**block, "text": "I "} if block["type"] == "text" else block for block in blocks]


def other_query(blocks: list[Any]) -> list[Any]:
    return [*blocks[:-1], {**blocks[-1], "input": {"query": "loom"}}]


@pytest.mark.parametrize(
    "change", [without("thinking"), without("server_tool_use"), without("text"), shorter, other_query]
)
async def test_a_paused_response_that_was_changed_is_refused(
    claude: Claude, sdk: AsyncAnthropic, change: Callable[[list[Any]], list[Any]]
) -> None:
    claude.say(Reply.of("I look. ", web_search("warp", PAGE, later=True)))
    first = await ask(sdk, HELLO)
    with pytest.raises(anthropic.BadRequestError):
        await ask(sdk, HELLO, said(change(sent(first))))


async def test_thinking_of_a_paused_response_is_bound_to_the_messages_before(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(Reply.of("I look. ", web_search("warp", PAGE, later=True)))
    first = await ask(sdk, HELLO)
    with pytest.raises(anthropic.BadRequestError, match="bound to a different conversation"):
        await ask(sdk, {"role": "user", "content": "good morning"}, said(sent(first)))


async def test_the_end_of_a_response_that_did_not_pause_is_no_content_to_resume(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    first = await ask(sdk, HELLO)
    with pytest.raises(anthropic.BadRequestError, match="prefill"):
        await ask(sdk, HELLO, said(sent(first)))


LOOK: Any = {"name": "look", "description": "Look.", "input_schema": {"type": "object"}}
TOOLS = [SEARCH, LOOK]


def seen(message: Message, words: str = "seen") -> dict[str, Any]:
    calls = [block for block in message.content if block.type == "tool_use"]
    return {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": call.id, "content": words} for call in calls],
    }


def other_thought(blocks: list[Any]) -> list[Any]:
    return [{**block, "thinking": "Hm."} if block["type"] == "thinking" else block for block in blocks]


def other_page(blocks: list[Any]) -> list[Any]:
    return [
        {**block, "content": [{**block["content"][0], "title": "Another"}]}
        if block["type"] == "web_search_tool_result"
        else block
        for block in blocks
    ]


def without_search(blocks: list[Any]) -> list[Any]:
    return without("server_tool_use")(without("web_search_tool_result")(blocks))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("thinking"), "Expected `thinking` or `redacted_thinking`, but found `text`"),
        (other_thought, "blocks in the latest assistant message cannot be modified|Invalid `signature`"),
        (shorter, "must remain as they were"),
        (without("text"), "must remain as they were"),
        (without_search, "must remain as they were"),
        (other_page, "must remain as they were"),
        (other_query, "must remain as they were"),
        (lambda blocks: [*blocks, {"type": "text", "text": "And?"}], "must remain as they were"),
    ],
)
async def test_what_the_model_said_in_a_turn_that_goes_on_must_not_change(
    claude: Claude, sdk: AsyncAnthropic, change: Callable[[list[Any]], list[Any]], words: str
) -> None:
    claude.say(Reply.of("I look. ", web_search("warp", PAGE), ToolUse("look", {"query": "warp"})))
    first = await ask(sdk, HELLO, tools=TOOLS)
    with pytest.raises(anthropic.BadRequestError, match=words):
        await ask(sdk, HELLO, said(change(sent(first))), seen(first), tools=TOOLS)
    # Fields that are null may be left out, their order is free, and a breakpoint is no change.
    marked = [dict(reversed(block.items())) for block in sent(first)]
    marked[-1]["cache_control"] = {"type": "ephemeral"}
    assert (await ask(sdk, HELLO, said(marked), seen(first), tools=TOOLS)).stop_reason == "end_turn"


async def test_every_step_of_a_long_turn_is_checked(claude: Claude, sdk: AsyncAnthropic) -> None:
    messages: list[Any] = [HELLO]
    for at in range(3):
        claude.say(Reply.of(f"Step {at}. ", ToolUse("look", {"query": at})))
        step = await ask(sdk, *messages, tools=TOOLS)
        messages += [said(sent(step)), seen(step)]
    changed = [messages[0], said(shorter(messages[1]["content"])), *messages[2:]]
    with pytest.raises(anthropic.BadRequestError):
        await ask(sdk, *changed, tools=TOOLS)
    assert (await ask(sdk, *messages, tools=TOOLS)).stop_reason == "end_turn"


async def test_after_the_turn_its_text_alone_is_enough(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(Reply.of("I look. ", ToolUse("look")))
    claude.say("Seen.")
    first = await ask(sdk, HELLO, tools=TOOLS)
    await ask(sdk, HELLO, said(sent(first)), seen(first), tools=TOOLS)
    later = await ask(sdk, HELLO, said("I look. Seen."), {"role": "user", "content": "thanks"}, tools=TOOLS)
    assert later.stop_reason == "end_turn"


async def test_other_tools_in_the_middle_of_a_turn_break_the_thinking(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(Reply.of(ToolUse("look")))
    first = await ask(sdk, HELLO, tools=TOOLS)
    with pytest.raises(anthropic.BadRequestError, match="bound to a different conversation"):
        await ask(sdk, HELLO, said(sent(first)), seen(first), tools=[LOOK])


async def test_a_call_of_an_earlier_run_of_the_server_is_taken_as_it_comes(sdk: AsyncAnthropic) -> None:
    call = {"type": "tool_use", "id": "toolu_old", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_old", "content": "seen"}
    message = await ask(sdk, HELLO, said([call]), {"role": "user", "content": [result]}, tools=TOOLS)
    assert message.stop_reason == "end_turn"
