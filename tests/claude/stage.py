"""Replies that end with a failure."""

from __future__ import annotations

import json
import traceback

import pytest
from structlog.testing import capture_logs

from bot.claude.client import Claude
from bot.conversation.errors import (
    ClaudeError,
)
from bot.conversation.request import Request, StreamEvent
from tests.claude.conftest import shown

# What must never be seen outside: the API's sentence may quote it, as may whatever answers in its stead.
CONTENT = "Marzipan"


async def failure(claude: Claude, request: Request) -> tuple[list[StreamEvent], ClaudeError]:
    """What came before the error, and the error, which tells nothing of the conversation or the key."""
    events: list[StreamEvent] = []
    with capture_logs() as logs, pytest.raises(ClaudeError) as caught:
        async for event in shown(claude.stream(request)):
            events.append(event)  # noqa: PERF401 - what came before the error counts
    told = "".join(traceback.format_exception(caught.value)) + json.dumps(logs)
    assert CONTENT not in told
    assert "sk-test-key" not in told
    return events, caught.value
