"""A server that never comes to an end is left, whatever it sends."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from bot.claude import bounds
from bot.claude.client import Claude
from bot.conversation.errors import ClaudeEndless, ClaudeUnreachable
from bot.conversation.request import Request, TextDelta
from tests.claude.conftest import changed
from tests.claude.server import PING, Answer, Server, Step, closing, delta, opening, sse

MANY = 200
"""More than any of these streams is read for."""

LARGE = b"x" * 1024 * 1024

THOUGHT = sse("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "hm " * 300_000})


async def ends(claude: Claude, request: Request) -> tuple[int, ClaudeEndless]:
    """How much text came, and how it ended."""
    characters = 0
    with pytest.raises(ClaudeEndless) as caught:
        async for event in claude.stream(request):
            characters += len(event.text) if isinstance(event, TextDelta) else 0
    return characters, caught.value


@pytest.mark.parametrize(
    "endless",
    [
        (opening(), *[delta("word " * 10_000)] * MANY),
        (opening(), *[THOUGHT] * MANY),
        (opening(), b"data: ", *[LARGE] * MANY),
        (opening(), *[b"data: " + LARGE + b"\n"] * MANY),
        (opening(), *[PING * 20_000] * MANY),
        (opening(), *[b": " + LARGE + b"\n\n"] * MANY),
    ],
    ids=["text", "thinking", "a line", "an event", "pings", "comments"],
)
async def test_a_stream_without_an_end_is_closed_and_not_asked_for_again(
    server: Server, claude: Claude, request_: Request, endless: tuple[Step, ...]
) -> None:
    server.answers.extend([Answer(endless)] * 3)
    characters, _ = await ends(claude, request_)
    assert characters <= (1000 + request_.parameters.max_tokens) * bounds.CHARACTERS_PER_TOKEN
    assert len(server.bodies) == 1


async def test_a_body_is_measured_as_it_is_unpacked(
    server: Server, claude: Claude, request_: Request
) -> None:
    packed = gzip.compress(opening() + b"data: " + LARGE * MANY)
    pieces = tuple(packed[at : at + 10_000] for at in range(0, len(packed), 10_000))
    server.answers.append(Answer(pieces, headers={"Content-Encoding": "gzip"}))
    await ends(claude, request_)


async def test_an_error_without_an_end_is_not_read_to_it(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.append(Answer((LARGE,) * MANY, status=400, content_type="application/json"))
    await ends(claude, request_)


async def test_a_count_without_an_end_is_not_read_to_it(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.append(Answer((LARGE,) * MANY, content_type="application/json"))
    with pytest.raises(ClaudeUnreachable):
        await claude.count_tokens(request_)


async def test_a_model_that_thinks_for_ever_is_left(
    server: Server, connect: Callable[..., Claude], request_: Request
) -> None:
    thought = sse("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "hm"})
    server.answers.append(Answer((opening(), *[thought] * MANY)))
    ticks = itertools.count(step=60)
    await ends(connect(clock=lambda: float(next(ticks))), changed(request_, max_tokens=1000))


async def test_an_endless_server_is_the_operators_to_know(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.append(Answer((opening(), *[delta("word " * 10_000)] * MANY)))
    with capture_logs() as logs:
        await ends(claude, request_)
    (told,) = [entry for entry in logs if entry["log_level"] == "error"]
    assert "ANTHROPIC_BASE_URL" in told["hint"]


async def test_the_longest_sound_reply_is_read_whole(
    server: Server, claude: Claude, request_: Request
) -> None:
    deltas = [delta("\N{FAMILY}" * 10) for _ in range(request_.parameters.max_tokens)]
    server.answers.append(Answer((opening(), b"".join(deltas), *closing("max_tokens"))))
    text = [event.text async for event in claude.stream(request_) if isinstance(event, TextDelta)]
    assert len("".join(text)) == 10 * request_.parameters.max_tokens
