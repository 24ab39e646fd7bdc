"""The order of the events that one piece of the stream brings, and what is told of a refusal."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.claude.attempt import _Arrived
from bot.claude.bounds import Bounds
from bot.claude.client import Claude
from bot.claude.reply import Reply
from bot.conversation.errors import ClaudeBusy
from bot.conversation.request import BlockStarted, Request, TextDelta, ToolCalled
from tests.claude.server import Server, refusal


def test_a_call_comes_behind_the_text_before_it_although_both_arrive_at_once() -> None:
    arrived = _Arrived(Reply(), Bounds(100, 1.0))
    call = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    for event in (
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Once more."}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": call},
        {"type": "content_block_stop", "index": 1},
        {"type": "content_block_start", "index": 2, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 2, "delta": {"type": "text_delta", "text": "Found."}},
    ):
        arrived.take(event)
    kinds = [type(event) for event in arrived.events()]
    assert kinds == [BlockStarted, TextDelta, ToolCalled, TextDelta]


async def test_the_headers_of_a_refusal_are_told_as_well(
    claude: Claude, server: Server, request_: Request
) -> None:
    server.answers.append(
        refusal(429, "rate_limit_error", headers={"anthropic-ratelimit-requests-remaining": "0"})
    )
    told: list[Mapping[str, str]] = []
    with pytest.raises(ClaudeBusy):
        async for _ in claude._attempts.stream(request_, told.append):
            """It is refused before any event."""
    (headers,) = told
    assert headers["anthropic-ratelimit-requests-remaining"] == "0"
