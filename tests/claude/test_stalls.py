"""Streams in which no event arrives: `attempt` and `stream_timeouts` together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from bot.claude.client import Claude
from bot.conversation.errors import (
    ClaudeUnreachable,
)
from bot.conversation.request import Finished, Request, StreamEvent, TextDelta
from tests.claude.conftest import shown
from tests.claude.server import (
    PING,
    Answer,
    Server,
    block,
    closing,
    delta,
    opening,
)
from tests.claude.stage import failure

NEVER_S = 5.0
"""Long before these streams would end by themselves."""


@pytest.mark.parametrize(
    "answer",
    [
        Answer(before_headers="hang"),
        Answer(("hang",)),
        Answer((opening(), "hang")),
        Answer((opening(), *(PING, 0.05) * 400)),
    ],
    ids=["no headers", "no event", "no further event", "nothing but pings"],
)
async def test_a_stream_that_stalls_before_the_text_is_given_up(
    server: Server, connect: Callable[..., Claude], request_: Request, answer: Answer
) -> None:
    server.answers.append(answer)
    claude = connect(first_text_timeout_s=0.3, stall_timeout_s=0.2, tries=1)
    began = time.monotonic()
    _, error = await failure(claude, request_)
    assert type(error) is ClaudeUnreachable
    assert 0.15 < time.monotonic() - began < NEVER_S


async def test_a_stream_that_stalls_in_its_text_is_given_up(
    server: Server, connect: Callable[..., Claude], request_: Request
) -> None:
    server.answers.append(Answer((opening(), delta("half a"), "hang")))
    events, error = await failure(connect(stall_timeout_s=0.1), request_)
    assert type(error) is ClaudeUnreachable
    assert events == [TextDelta("half a")]


async def test_a_slow_reader_is_not_taken_for_a_stall(
    server: Server, connect: Callable[..., Claude], request_: Request
) -> None:
    server.answers.append(Answer((opening(), delta("a"), 0.05, *block("b"), *closing())))
    events: list[StreamEvent] = []
    async for event in shown(connect(first_text_timeout_s=2.0, stall_timeout_s=2.0).stream(request_)):
        if not events:
            await asyncio.sleep(2.3)  # longer than a stall may be: that time passes is what this is about
        events.append(event)
    assert events[:2] == [TextDelta("a"), TextDelta("b")]


async def test_pings_keep_a_stream_alive_while_the_model_thinks(
    server: Server, connect: Callable[..., Claude], request_: Request
) -> None:
    thinking_time = (PING, 0.25) * 10
    server.answers.append(Answer((opening(), *thinking_time, *block("found it"), *closing())))
    claude = connect(first_text_timeout_s=30, stall_timeout_s=2.0, tries=1)
    events = [event async for event in shown(claude.stream(request_))]
    assert events[0] == TextDelta("found it")
    assert isinstance(events[1], Finished)
