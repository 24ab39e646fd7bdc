"""How the client meets failures of the API: `client`, `attempt`, `retries` and `translate` together."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import aclosing

import pytest
from anthropic import APIStatusError

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
from bot.conversation.request import Request, TextDelta, Waiting
from tests.claude.conftest import shown
from tests.claude.server import (
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
from tests.claude.stage import CONTENT, failure

LIMIT = "You have reached your specified API usage limits. You will regain access on 2026-12-01."
BLOCKED = "Output blocked by content filtering policy"
CREDIT = "Your credit balance is too low to access the Anthropic API."
LONG = "prompt is too long: 1000001 tokens > 1000000 maximum"
BOTH = "input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000"


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
