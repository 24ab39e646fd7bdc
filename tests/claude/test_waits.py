"""The waits before further attempts: `client` and `retries` together."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from bot.claude.client import Claude
from bot.conversation.errors import (
    ClaudeBusy,
)
from bot.conversation.request import Request, Waiting
from tests.claude.conftest import shown
from tests.claude.server import (
    Answer,
    Server,
    opening,
    refusal,
    reply,
    sse,
)
from tests.claude.stage import failure


@pytest.mark.parametrize("status", [408, 429, 500, 503, 529])
async def test_an_overload_is_waited_for_about_a_minute(
    server: Server, claude: Claude, request_: Request, waits: list[float], status: int
) -> None:
    server.answers.extend([refusal(status, "overloaded_error")] * 50)
    events, error = await failure(claude, request_)
    assert type(error) is ClaudeBusy
    assert str(error) == f"{status} overloaded_error req_9"
    assert events == [Waiting(seconds, at) for at, seconds in enumerate(waits, 2)]
    assert waits[:4] == [0.75, 1.5, 3, 6]
    assert 45 < sum(waits) < 65


async def test_the_waits_that_the_api_asks_for_come_to_an_end(
    server: Server, claude: Claude, request_: Request, waits: list[float]
) -> None:
    server.answers.extend([refusal(503, "api_error", headers={"retry-after": "25"})] * 9)
    _, error = await failure(claude, request_)
    assert isinstance(error, ClaudeBusy)
    assert waits == [25.5, 25.5]


async def test_of_an_overload_in_mid_stream_the_last_try_is_the_third(
    server: Server, claude: Claude, request_: Request, waits: list[float]
) -> None:
    busy = Answer((opening(), sse("error", error={"type": "overloaded_error", "message": "busy"})))
    server.answers.extend([busy] * 9)
    events, error = await failure(claude, request_)
    assert type(error) is ClaudeBusy
    assert events == [Waiting(0.75, 2, lost=True), Waiting(1.5, 3, lost=True)]


async def test_an_overload_after_a_try_that_broke_off_is_waited_for_about_a_minute(
    server: Server, claude: Claude, request_: Request, waits: list[float]
) -> None:
    server.answers.extend([Answer((opening(), "drop")), *[refusal(529, "overloaded_error")] * 50])
    _, error = await failure(claude, request_)
    assert type(error) is ClaudeBusy
    assert 45 < sum(waits) < 65


async def test_a_wait_is_a_warning_once_for_each_request(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.extend([*[refusal(529, "overloaded_error")] * 4, reply("ok")])
    with capture_logs() as logs:
        async for _ in claude.stream(request_):
            pass
    levels = [entry["log_level"] for entry in logs if entry["event"] == "claude_retry"]
    assert levels == ["warning", "info", "info", "info"]


async def test_one_try_is_one_try(server: Server, connect: Callable[..., Claude], request_: Request) -> None:
    server.answers.append(Answer(before_headers="drop"))
    events, _ = await failure(connect(tries=1), request_)
    assert events == []


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        ({"retry-after": "7"}, 7.5),
        ({"retry-after": "60"}, 60.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.75),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:09 GMT", "Date": "Sun, 22 Nov 2026 12:00:00 GMT"}, 9.5),
        ({"retry-after": "nan"}, 0.75),
        ({"retry-after": "-1"}, 0.75),
        ({"retry-after": "soon"}, 0.75),
    ],
)
async def test_the_wait_is_the_one_the_api_asks_for(
    server: Server, claude: Claude, request_: Request, headers: dict[str, str], expected_s: float
) -> None:
    server.answers.extend([refusal(429, "rate_limit_error", headers=headers), reply("ok")])
    events = [event async for event in shown(claude.stream(request_))]
    assert events[0] == Waiting(expected_s, 2)


async def test_a_wait_of_much_more_than_a_minute_is_given_up_at_once(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.append(refusal(429, "rate_limit_error", headers={"retry-after": "66"}))
    events, error = await failure(claude, request_)
    assert events == []
    assert isinstance(error, ClaudeBusy)
    assert error.retry_after == 66
