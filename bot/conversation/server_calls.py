"""What the server tools have brought within a reply: pages, files, outcomes; pure, read from the reply's blocks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.conversation.citations import WebSource, cited_sources
from bot.conversation.consulted import MOST_SOURCES, Consulted
from bot.conversation.content import Block, Opaque
from bot.conversation.server_tools import CODE_EXECUTION, WEB_FETCH, WEB_SEARCH, tool_of

_RESULT = "_tool_result"


def ran_server_tools(blocks: Iterable[Block]) -> bool:
    """Whether a reply has results of server tools: its usage counts the prompt once for each round with them."""
    return any(True for _ in _results(blocks))


def consulted_of(blocks: Iterable[Block]) -> tuple[Consulted, ...]:
    """Return the calls of server tools that were answered, with the addresses of what they brought."""
    return tuple(_consulted(tool, content) for tool, content in _results(blocks))


def fetched_pages(blocks: Iterable[Block]) -> tuple[WebSource, ...]:
    """Return the pages that were read."""
    return tuple(
        WebSource(url, _title(content))
        for tool, content in _results(blocks)
        if tool == WEB_FETCH and isinstance(content, Mapping) and isinstance(url := content.get("url"), str)
    )


def cited_pages(blocks: Iterable[Block]) -> tuple[WebSource, ...]:
    """Return the pages that the texts of a reply cite, in order."""
    return tuple(
        source
        for block in _read(blocks)
        if block.get("type") == "text" and isinstance(citations := block.get("citations"), list)
        for source in cited_sources(citations)
    )


def made_files(blocks: Iterable[Block]) -> tuple[str, ...]:
    """Return the ids of the files that code has made, each once."""
    ids = (
        each.get("file_id")
        for tool, content in _results(blocks)
        if tool == CODE_EXECUTION and isinstance(content, Mapping)
        for each in _list(content.get("content"))
        if isinstance(each, Mapping)
    )
    return tuple(dict.fromkeys(each for each in ids if isinstance(each, str)))


def _results(blocks: Iterable[Block]) -> Iterator[tuple[str, Any]]:
    for block in _read(blocks):
        kind = str(block.get("type"))
        if kind.endswith(_RESULT):
            yield tool_of(kind.removesuffix(_RESULT)), block.get("content")


def _read(blocks: Iterable[Block]) -> Iterator[Mapping[str, Any]]:
    for block in blocks:
        if isinstance(block, Opaque):
            found = json.loads(block.json)
            if isinstance(found, Mapping):
                yield found


def _consulted(tool: str, content: Any) -> Consulted:
    if isinstance(content, Mapping) and "error_code" in content:
        return Consulted(tool, "failed")
    found = content if tool == WEB_SEARCH else [content] if tool == WEB_FETCH else []
    urls = (each.get("url") for each in _list(found) if isinstance(each, Mapping))
    return Consulted(tool, "done", tuple(url for url in urls if isinstance(url, str))[:MOST_SOURCES])


def _title(content: Mapping[str, Any]) -> str:
    document = content.get("content")
    title = document.get("title") if isinstance(document, Mapping) else None
    return title if isinstance(title, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
