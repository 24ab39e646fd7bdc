"""Requests with tools, and the calls and results in their messages."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest
from anthropic import AsyncAnthropic

from bot.local.simulator.claude import Page

HAIKU, OLD_HAIKU, OPUS = "claude-haiku-5-5", "claude-haiku-4-5", "claude-opus-5"
LOOMS = Page("https://looms.example", "Looms", "A loom holds the warp.")
SEARCH: Any = {"type": "web_search_20260318", "name": "web_search", "allowed_callers": ["direct"]}

CODE: Any = {"type": "code_execution_20260521", "name": "code_execution"}


def tool(name: str = "look", **fields: Any) -> dict[str, Any]:
    return {"name": name, "description": "Look.", "input_schema": {"type": "object"}, **fields}


async def ask(sdk: AsyncAnthropic, tools: Any = None, messages: Any = None, **fields: Any) -> None:
    arguments: dict[str, Any] = {"model": HAIKU, "max_tokens": 1000, **fields}
    if tools is not None:
        arguments["tools"] = tools
    await sdk.messages.create(messages=messages or [{"role": "user", "content": "hello"}], **arguments)


async def refused(sdk: AsyncAnthropic, words: str, *args: Any, **fields: Any) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        await ask(sdk, *args, **fields)
    assert caught.value.type == "invalid_request_error"
    assert words in str(caught.value.api_message)


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def assistant(*content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


def text(words: str, **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **fields}


HELLO, MORE = user(text("hello")), user(text("and?"))
HELLOS: Any = [HELLO]
