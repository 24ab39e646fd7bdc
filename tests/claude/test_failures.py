"""How the client meets failures of the API: `client`, `attempt`, `retries` and `translate` together."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import traceback
from collections.abc import Callable
from contextlib import aclosing

import pytest
from anthropic import APIStatusError
from structlog.testing import capture_logs

from bot.claude.client import Claude
from bot.conversation.errors import (
    ClaudeBlocked,
    ClaudeBusy,
    ClaudeError,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeRefusedRequest,
    ClaudeSpendLimit,
    ClaudeTooLong,
    ClaudeUnreachable,
    ClaudeWrongAddress,
)
from bot.conversation.request import Finished, Request, StreamEvent, TextDelta, Waiting
from tests.claude.conftest import shown
from tests.claude.server import (
    PING,
    Answer,
    Server,
    Step,
    block,
    closing,
    delta,
    opening,
    refusal,
    reply,
    sse,
)

LIMIT = "You have reached your specified API usage limits. You will regain access on 2026-12-01."
BLOCKED = "Output blocked by content filtering policy"
CREDIT = "Your credit balance is too low to access the Anthropic API."
LONG = "prompt is too long: 1000001 tokens > 1000000 maximum"
BOTH = "input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000"

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


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refusal(400, "invalid_request_error", f"messages.0: {CONTENT}"), ClaudeRefusedRequest),
        (refusal(400, "invalid_request_error", BLOCKED), ClaudeBlocked),
        (refusal(400, "invalid_request_error", LIMIT), ClaudeSpendLimit),
        (refusal(400, "invalid_request_error", CREDIT), ClaudeSpendLimit),
        (refusal(400, "invalid_request_error", LONG), ClaudeTooLong),
        (refusal(400, "invalid_request_error", BOTH), ClaudeTooLong),
        (refusal(401, "authentication_error", "invalid key sk-test-key"), ClaudeKeyRefused),
        (refusal(402, "billing_error"), ClaudeSpendLimit),
        (refusal(403, "permission_error"), ClaudeKeyRefused),
        (refusal(404, "not_found_error"), ClaudeModelUnknown),
        (refusal(405, "odd"), ClaudeWrongAddress),
        (refusal(413, "request_too_large"), ClaudeTooLong),
        (refusal(422, "invalid_request_error"), ClaudeRefusedRequest),
        (refusal(429, "rate_limit_error", code="enforced_spend_limit_reached"), ClaudeSpendLimit),
        (refusal(429, "rate_limit_error", code="contract_spend_limit_reached"), ClaudeSpendLimit),
    ],
    ids=lambda value: f"{value.status}" if isinstance(value, Answer) else None,
)
async def test_what_cannot_succeed_is_not_tried_again(
    server: Server, claude: Claude, request_: Request, answer: Answer, expected: type[ClaudeError]
) -> None:
    server.answers.extend([answer, reply("never asked for")])
    events, error = await failure(claude, request_)
    assert type(error) is expected
    assert events == []
    assert len(server.bodies) == 1
    assert error.request_id == "req_9"
    assert str(error).startswith(f"{answer.status} ")
    assert isinstance(error.__cause__, APIStatusError)


@pytest.mark.parametrize(
    "answer",
    [
        refusal(408, "timeout_error"),
        refusal(409, "conflict_error"),
        refusal(429, "rate_limit_error"),
        refusal(429, "rate_limit_error", code="ramp_limit_exceeded"),
        refusal(500, "api_error"),
        refusal(503, "api_error"),
        refusal(504, "timeout_error"),
        refusal(529, "overloaded_error"),
        Answer((b"<html>bad gateway</html>",), 502, content_type="text/html"),
        Answer((opening(), sse("error", error={"type": "overloaded_error", "message": CONTENT}))),
        Answer((opening(), sse("error", error={"type": "rate_limit_error", "message": "slow"}))),
        Answer((opening(), b"event: error\ndata: upstream fell over\n\n")),
    ],
)
async def test_a_busy_api_is_asked_again(
    server: Server, claude: Claude, request_: Request, waits: list[float], answer: Answer
) -> None:
    server.answers.extend([answer, reply("at last")])
    events = [event async for event in shown(claude.stream(request_))]
    assert isinstance(events[0], Waiting)
    assert events[0].attempt == 2
    assert waits == [events[0].seconds]
    assert events[1] == TextDelta("at last")
    assert server.bodies[0] == server.bodies[1]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(before_headers="drop"),
        Answer((opening(), "drop")),
        Answer((opening(), *block("")[:2])),
        Answer((opening(), *block(), *closing(None))),
        Answer((opening(), closing()[0])),
        Answer((opening(), b"event: message_delta\ndata: {Marzipan\n\n")),
        Answer((opening(), b"event: ping\ndata: \xff\n\n")),
        Answer((b"<p>Marzipan</p>",), content_type="text/html"),
        Answer((b'{"type": "message"}',), content_type="application/json"),
        Answer(),
    ],
    ids=[
        "dropped before the headers",
        "dropped before the text",
        "end without message_stop",
        "no stop reason",
        "a stop reason, but no message_stop",
        "not JSON",
        "not UTF-8",
        "a page",
        "not a stream",
        "nothing",
    ],
)
async def test_a_stream_that_breaks_before_the_text_is_asked_for_again(
    server: Server, claude: Claude, request_: Request, answer: Answer
) -> None:
    server.answers.extend([answer] * 3)
    events, error = await failure(claude, request_)
    assert type(error) is ClaudeUnreachable
    assert [isinstance(event, Waiting) and event.lost for event in events] == [True, True]
    assert len(server.bodies) == 3


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ((sse("error", error={"type": "overloaded_error", "message": CONTENT}),), ClaudeBusy),
        ((sse("error", error={"type": "api_error", "message": "no"}),), ClaudeBusy),
        ((sse("error", error={"type": "authentication_error", "message": "no"}),), ClaudeKeyRefused),
        ((sse("error", error={"type": "invalid_request_error", "message": LONG}),), ClaudeTooLong),
        ((sse("error", error={"type": "invalid_request_error", "message": BLOCKED}),), ClaudeBlocked),
        ((sse("error", error={"type": "api_error", "message": BLOCKED}),), ClaudeBlocked),
        ((sse("error", error={"type": f"{CONTENT} is no type", "message": "no"}),), ClaudeBusy),
        ((sse("error", error={"type": [CONTENT], "details": {"error_code": [CONTENT]}}),), ClaudeBusy),
        ((sse("error", error=CONTENT),), ClaudeBusy),
        ((b"event: error\ndata: upstream fell over\n\n",), ClaudeBusy),
        ((b"event: error\ndata: {}\n\n",), ClaudeBusy),
        (("drop",), ClaudeUnreachable),
        ((), ClaudeUnreachable),
        (closing(None), ClaudeUnreachable),
    ],
)
async def test_nothing_is_tried_again_once_text_was_seen(
    server: Server,
    claude: Claude,
    request_: Request,
    ending: tuple[Step, ...],
    expected: type[ClaudeError],
) -> None:
    answer = Answer((opening(), delta("half a"), *ending), headers={"request-id": "req_5"})
    server.answers.extend([answer, reply("never asked for")])
    events, error = await failure(claude, request_)
    assert type(error) is expected
    assert events == [TextDelta("half a")]
    assert len(server.bodies) == 1
    if ending != ("drop",):
        assert error.request_id == "req_5"


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


async def test_a_server_that_is_not_there_is_unreachable(
    connect: Callable[..., Claude], request_: Request, waits: list[float]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    events, error = await failure(connect(base_url=f"http://127.0.0.1:{port}"), request_)
    assert type(error) is ClaudeUnreachable
    assert {isinstance(event, Waiting) and event.lost for event in events} == {False}
    assert 45 < sum(waits) < 65
    assert not error.sent


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


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refusal(401, "authentication_error"), ClaudeKeyRefused),
        (refusal(429, "rate_limit_error"), ClaudeBusy),
        (Answer((b"[]",), content_type="application/json"), ClaudeUnreachable),
        (Answer((b"{",), content_type="application/json"), ClaudeUnreachable),
        (Answer(before_headers="drop"), ClaudeUnreachable),
    ],
)
async def test_a_count_that_fails_raises_our_own_error(
    server: Server, claude: Claude, request_: Request, answer: Answer, expected: type[ClaudeError]
) -> None:
    server.answers.append(answer)
    with pytest.raises(expected):
        await claude.count_tokens(request_)


async def test_a_request_whose_connection_breaks_was_sent_and_one_that_found_no_server_was_not(
    server: Server, connect: Callable[..., Claude], request_: Request
) -> None:
    server.answers.append(Answer(before_headers="drop"))
    with pytest.raises(ClaudeUnreachable) as broken:
        await anext(connect(tries=1).stream(request_))
    assert broken.value.sent
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with aclosing(connect(tries=1, base_url=nobody).stream(request_)) as events:
            assert isinstance(waiting := await anext(events), Waiting)
    assert not waiting.lost
