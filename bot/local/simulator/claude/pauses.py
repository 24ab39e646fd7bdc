"""Replies that pause at a call of a server tool, and their content, which has to come back unchanged.

Anthropic, "Handling stop reasons": the content of a paused reply is sent again as it is, as the last message.
"""

from __future__ import annotations

import json
from collections import deque
from typing import Any

from .prompt import Body, content_blocks
from .reply import Reply, cut

# The contents of the latest paused replies are kept.
MAX_PAUSES = 1000


def search(number: int, query: str) -> Body:
    """A call of web search."""
    return {
        "type": "server_tool_use",
        "id": f"srvtoolu_{number:06d}",
        "name": "web_search",
        "input": {"query": query},
    }


def found(call: Body, url: str) -> Body:
    """The result of a call of web search."""
    page = {
        "encrypted_content": "RW5jcnlwdGVk",
        "page_age": "1 week ago",
        "title": "A page",
        "type": "web_search_result",
        "url": url,
    }
    return {"type": "web_search_tool_result", "tool_use_id": call["id"], "content": [page]}


def paused(text: str, call: Body, result: Body | None = None) -> Reply:
    """A reply that pauses at a call; it begins with the `result` of the call at which it paused before."""
    return Reply(
        cut(text),
        stop_reason="pause_turn",
        opening=() if result is None else (result,),
        closing=(call,),
    )


class Pauses:
    """The contents of paused replies, as they have to come back."""

    def __init__(self) -> None:
        self._contents: deque[list[str]] = deque(maxlen=MAX_PAUSES)

    def note(self, body: Body, reply: Reply) -> None:
        """Remember the content of a reply that pauses, behind what the request repeats of it."""
        if reply.stop_reason == "pause_turn":
            self._contents.append([*_trailing(body), *map(_exact, reply.content())])

    def resumes(self, body: Body) -> bool:
        """Whether the request ends with the whole content of a paused reply, unchanged."""
        trailing = _trailing(body)
        return bool(trailing) and trailing in self._contents


def without_end(body: Body) -> Body:
    """The request without the assistant messages at its end; messages of one role in a row are one turn."""
    end = len(body["messages"])
    while end and body["messages"][end - 1]["role"] == "assistant":
        end -= 1
    return {**body, "messages": body["messages"][:end]}


def _trailing(body: Body) -> list[str]:
    messages = body["messages"][len(without_end(body)["messages"]) :]
    return [_exact(block) for message in messages for block in content_blocks(message["content"])]


def _exact(block: dict[str, Any]) -> str:
    # A cache breakpoint is no part of the content.
    return json.dumps(_without_nulls({**block, "cache_control": None}), sort_keys=True)


def _without_nulls(value: Any) -> Any:
    """A field that is null may be left out."""
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value
