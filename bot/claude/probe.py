"""The facts about the Claude API: the model, and whether it takes messages, files and tools. Nothing costs money."""

from __future__ import annotations

import json
import time
from dataclasses import replace

from bot.claude.client import Claude
from bot.conversation.content import Text
from bot.conversation.errors import (
    ClaudeError,
    ClaudeKeyRefused,
    ClaudeRefusedRequest,
    ClaudeSpendLimit,
    ClaudeUnreachable,
)
from bot.conversation.request import Parameters, PromptMessage, Request
from bot.conversation.tool_definition import ToolDefinition
from bot.findings.facts import ClaudeFacts

HELLO = (PromptMessage("user", (Text("Hello"),)),)

TOOL = ToolDefinition(
    "check", json.dumps({"name": "check", "description": "A check.", "input_schema": {"type": "object"}})
)


async def claude_facts(claude: Claude, model: str) -> ClaudeFacts:
    """Ask the API for the facts; `check_model` has read the list of models before."""
    catalogue = claude.catalogue
    began_s = time.perf_counter()
    await catalogue.refresh()
    latency_s = time.perf_counter() - began_s
    facts = ClaudeFacts(
        model=model,
        info=catalogue.find(model),
        is_listed=catalogue.complete,
        ends_soon=catalogue.ends_soon(model),
        successor=catalogue.successor(model),
        latency_s=latency_s,
    )
    has_tools = None
    try:
        await claude.count_tokens(Request(Parameters(model, 1), (), HELLO))
        has_tools = await _has_tools(claude, model)
    except (ClaudeKeyRefused, ClaudeSpendLimit) as error:
        facts = replace(facts, count_problem=str(error))
    except ClaudeUnreachable as error:
        if not error.sent:
            return replace(facts, unreachable=str(error))
    except ClaudeError:
        has_tools = await _has_tools(claude, model)  # a server without that route
    return replace(facts, has_files=await _has_files(claude), has_tools=has_tools)


async def _has_tools(claude: Claude, model: str) -> bool | None:
    try:
        await claude.count_tokens(Request(Parameters(model, 1, tools=(TOOL,)), (), HELLO))
    except ClaudeRefusedRequest:
        return False
    except ClaudeError:
        return None
    return True


async def _has_files(claude: Claude) -> bool | None:
    try:
        return await claude.files.exists()
    except ClaudeError:
        return None
