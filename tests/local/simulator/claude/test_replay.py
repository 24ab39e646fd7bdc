"""What a turn goes on from: the content of its responses comes back unchanged, or is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anthropic
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import Message

from bot.local.simulator.claude import Claude, Page, Reply, web_search

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
