from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from bot.claude.client import Claude
from bot.conversation.request import NewAttempt, Parameters, PromptMessage, Request, Started, StreamEvent
from tests.claude.server import Server, serve

KEY = "sk-test-key"


async def shown(events: AsyncIterator[StreamEvent]) -> AsyncIterator[StreamEvent]:
    """What of a stream somebody sees, without what only the accounts are for."""
    async for event in events:
        if not isinstance(event, Started | NewAttempt):
            yield event


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serve() as running:
        yield running


@pytest.fixture
def request_() -> Request:
    question = PromptMessage.of("user", "How are you, Marzipan?")
    return Request(Parameters("claude-sonnet-5-5", 1000, "medium"), ("Be kind.",), (question,))


def changed(request: Request, **changes: Any) -> Request:
    """Return the request with other parameters of the model."""
    return replace(request, parameters=replace(request.parameters, **changes))


@pytest.fixture
def waits() -> list[float]:
    """The waits between tries, which pass at once."""
    return []


@pytest.fixture
async def connect(server: Server, waits: list[float]) -> AsyncIterator[Callable[..., Claude]]:
    """Make a client of the server that waits for nobody; it is closed at the end."""

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with AsyncExitStack() as stack:

        def make(**changes: Any) -> Claude:
            arguments: dict[str, Any] = {
                "api_key": KEY,
                "base_url": server.url,
                "first_text_timeout_s": 5.0,
                "stall_timeout_s": 5.0,
                "sleep": sleep,
                "jitter": lambda: 0.5,
            }
            client = Claude(**{**arguments, **changes})
            stack.push_async_exit(client)
            return client

        yield make


@pytest.fixture
def claude(connect: Callable[..., Claude]) -> Claude:
    return connect()
