"""The tools that run at Anthropic: their definitions, and what is asked of them; pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.conversation.content import ToolUse
from bot.conversation.tool_definition import ToolDefinition
from bot.conversation.visible import plain

WEB_SEARCH, WEB_FETCH, CODE_EXECUTION = "web_search", "web_fetch", "code_execution"

SERVER_TOOLS = (WEB_SEARCH, WEB_FETCH, CODE_EXECUTION)
"""In the order in which a request has them, before the tools that run here."""

OF_CODE = ("bash_code_execution", "text_editor_code_execution", CODE_EXECUTION)
"""The names by which code execution is called (Anthropic, "Code execution tool")."""

QUERY_CHARS = 80
"""The most characters of a query in a status line."""


@dataclass(frozen=True, slots=True)
class ServerToolLimits:
    """How often one turn may search and read pages, see `server_uses`, and how many tokens of a page are read."""

    searches: int = 5
    fetches: int = 5
    page_tokens: int = 20_000


def definitions(limits: ServerToolLimits) -> tuple[ToolDefinition, ...]:
    """Return the definitions in their newest versions.

    Web tools are called directly: by default, they are called by code in a container (Anthropic, "Web search tool").
    Citations of fetched pages stay off, because then all documents of a request would have to be cited.
    """
    direct = ["direct"]
    fields: Mapping[str, Mapping[str, Any]] = {
        WEB_SEARCH: {
            "type": "web_search_20260318",
            "allowed_callers": direct,
            "max_uses": limits.searches,
        },
        WEB_FETCH: {
            "type": "web_fetch_20260318",
            "allowed_callers": direct,
            "max_uses": limits.fetches,
            "max_content_tokens": limits.page_tokens,
        },
        CODE_EXECUTION: {"type": "code_execution_20260521"},
    }
    return tuple(
        ToolDefinition(
            name, json.dumps({"name": name, **fields[name]}, sort_keys=True), runs_at_anthropic=True
        )
        for name in SERVER_TOOLS
    )


def tool_of(called: str) -> str:
    """Return the name of the tool that a call by this name belongs to."""
    return CODE_EXECUTION if called in OF_CODE else called


def most_searches(tools: Iterable[ToolDefinition]) -> int:
    """Return how many searches a request with these tools may make."""
    found = next((tool for tool in tools if tool.name == WEB_SEARCH and tool.runs_at_anthropic), None)
    return 0 if found is None else int(json.loads(found.json).get("max_uses") or 0)


def status_of(call: ToolUse) -> str | None:
    """Say what a call of a server tool does, as plain text of one line; None for other calls."""
    try:
        given = json.loads(call.input)
    except ValueError:
        given = {}
    match tool_of(call.name):
        case "web_search":
            query = _bounded(str(given.get("query") or ""))
            return f"Searching the web: {query}" if query else "Searching the web"
        case "web_fetch":
            return f"Reading {_host(str(given.get('url') or '')) or 'a page'}"
        case "code_execution":
            return "Running code"
    return None


def _bounded(text: str) -> str:
    line = plain(text)
    return line if len(line) <= QUERY_CHARS else line[: QUERY_CHARS - 1] + "…"


def _host(url: str) -> str:
    try:
        return _bounded(urlsplit(url).hostname or "")
    except ValueError:
        return ""
