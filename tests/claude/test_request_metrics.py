"""What is counted of each request."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

import pytest

from bot.claude.client import Claude
from bot.conversation.errors import ClaudeError
from bot.conversation.request import Request, TextDelta
from bot.telemetry.metrics import Metrics
from tests.claude.conftest import changed
from tests.claude.server import Answer, Server, block, closing, opening, refusal, reply


async def drain(claude: Claude, request: Request) -> None:
    async for _ in claude.stream(request):
        pass


async def test_each_request_is_counted_by_model_and_by_why_it_ended(
    server: Server, connect: Callable[..., Claude], request_: Request
) -> None:
    metrics = Metrics()
    claude = connect(metrics=metrics)
    server.answers.extend([refusal(529, "overloaded_error"), reply("Fine."), refusal(400, "odd")])
    await drain(claude, request_)
    with pytest.raises(ClaudeError):
        await drain(claude, request_)
    counted = {
        outcome: metrics.registry.get_sample_value(
            "bobbin_claude_requests_total", {"model": "claude-sonnet-5-5", "outcome": outcome}
        )
        for outcome in ("ClaudeBusy", "end_turn", "ClaudeRefusedRequest")
    }
    assert counted == {"ClaudeBusy": 1, "end_turn": 1, "ClaudeRefusedRequest": 1}
    assert metrics.registry.get_sample_value("bobbin_first_text_seconds_count") == 1
    waits = metrics.registry.get_sample_value("bobbin_rate_limit_wait_seconds_count", {"service": "claude"})
    assert waits == 1


async def test_tokens_are_counted_by_kind(
    server: Server, connect: Callable[..., Claude], request_: Request
) -> None:
    metrics = Metrics()
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 20,
        "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 40},
    }
    end = closing(output_tokens=7, output_tokens_details={"thinking_tokens": 5})
    server.answers.append(Answer((opening(**usage), *block("Fine."), *end)))
    await drain(connect(metrics=metrics), request_)
    kinds = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "thinking", "text")
    assert [
        metrics.registry.get_sample_value("bobbin_claude_tokens_total", {"kind": kind}) for kind in kinds
    ] == [10, 20, 30, 40, 5, 2]


async def test_what_was_read_is_counted_also_of_a_stream_that_breaks_off_or_is_left(
    server: Server, connect: Callable[..., Claude], request_: Request
) -> None:
    metrics = Metrics()
    claude = connect(metrics=metrics)
    server.answers.extend([Answer((opening(), "drop")), Answer((opening(), *block("Fine.")[:2], "hang"))])
    async with aclosing(claude.stream(request_)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    assert [
        metrics.registry.get_sample_value("bobbin_claude_tokens_total", {"kind": kind})
        for kind in ("input", "text")
    ] == [20, 0]


async def test_no_word_of_anybody_becomes_a_label(
    server: Server, connect: Callable[..., Claude], request_: Request
) -> None:
    metrics = Metrics()
    server.answers.append(Answer((opening(), *block("Fine."), *closing("my own reason"))))
    await drain(connect(metrics=metrics), changed(request_, model="my own model"))
    labels = {"model": "other", "outcome": "other"}
    assert metrics.registry.get_sample_value("bobbin_claude_requests_total", labels) == 1
