from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing, suppress
from typing import Any

import httpx2
import pytest

from bot.claude import attempt, gathering, read_moments
from bot.claude.attempt import GATHER_AFTER_CHARS
from bot.claude.client import Claude
from bot.claude.gathering import Gathering, gathering_of
from bot.claude.read_moments import ReadMoments
from bot.conversation.errors import ClaudeUnreachable
from bot.conversation.request import Request, TextDelta
from tests.claude.server import Answer, Server, Step, block, closing, delta, opening
from tests.patience import idle_timeout

FIRST = "x" * GATHER_AFTER_CHARS
# By then the client has read what was sent before.
READ_S = 0.3
START, *_, STOP = block(FIRST)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold back for longer than any test takes what may be held back."""
    monkeypatch.setattr(read_moments, "GATHER_S", 1e9)


async def texts(claude: Claude, request: Request) -> list[str]:
    return [event.text async for event in claude.stream(request) if isinstance(event, TextDelta)]


def slowly(*parts: str) -> list[Step]:
    return [step for part in parts for step in (delta(part), 0.01)]


async def test_deltas_that_arrive_within_a_moment_are_one_and_the_end_does_not_wait(
    server: Server, claude: Claude, request_: Request
) -> None:
    steps = (opening(), START, delta(FIRST), READ_S, *slowly("one ", "two ", "three"), STOP, *closing())
    server.answers.append(Answer(steps))
    assert await texts(claude, request_) == [FIRST, "one two three"]


async def test_each_text_block_is_gathered(
    server: Server, claude: Claude, request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "LOW_WATER_BYTES", 1)
    steps = (
        *(opening(), START, delta(FIRST), READ_S, *slowly("a", "b"), STOP, READ_S),
        *(START, delta("c"), READ_S, *slowly("d", "e"), STOP, *closing()),
    )
    server.answers.append(Answer(steps))
    assert await texts(claude, request_) == [FIRST, "ab", "cde"]


async def test_the_first_text_is_not_held_back(server: Server, claude: Claude, request_: Request) -> None:
    server.answers.append(
        Answer((opening(), START, delta("a"), READ_S, delta("b"), READ_S, STOP, *closing()))
    )
    assert await texts(claude, request_) == ["a", "b"]


async def test_what_was_held_back_is_handed_on_when_the_connection_breaks(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.append(Answer((opening(), START, delta(FIRST), READ_S, delta("held"), READ_S, "drop")))
    seen: list[str] = []
    with pytest.raises(ClaudeUnreachable):
        async for event in claude.stream(request_):
            seen += [event.text] if isinstance(event, TextDelta) else []
    assert seen == [FIRST, "held"]


async def test_what_is_held_back_is_bounded(server: Server, claude: Claude, request_: Request) -> None:
    much = "y" * (gathering.MOST_HELD_BYTES // 4)
    steps = (
        opening(),
        START,
        delta(FIRST),
        READ_S,
        *slowly(much, much, much, much),
        READ_S,
        STOP,
        *closing(),
    )
    server.answers.append(Answer(steps))
    found = await texts(claude, request_)
    assert "".join(found) == FIRST + 4 * much
    assert len(found) > 2


async def test_the_connection_serves_the_next_reply(
    server: Server, claude: Claude, request_: Request
) -> None:
    steps = (opening(), START, delta(FIRST), READ_S, *slowly("one", "two"), STOP, *closing())
    server.answers.extend([Answer(steps)] * 2)
    assert await texts(claude, request_) == await texts(claude, request_) == [FIRST, "onetwo"]
    assert server.peers[0] == server.peers[1]


async def test_text_that_the_system_holds_back_is_shown_although_nothing_follows(
    server: Server, claude: Claude, request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_moments, "GATHER_S", 0.05)
    monkeypatch.setattr(gathering, "LOW_WATER_BYTES", 100_000)
    server.answers.append(Answer((opening(), START, delta(FIRST), READ_S, *slowly("a", "b"), "hang")))
    seen = ""
    async with aclosing(claude.stream(request_)) as events:
        async for event in events:
            seen += event.text if isinstance(event, TextDelta) else ""
            if seen == f"{FIRST}ab":
                break


@pytest.mark.skipif(sys.platform == "win32", reason="no SO_RCVLOWAT")
async def test_the_system_wakes_the_process_for_several_deltas_together(
    server: Server, claude: Claude, request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0
    receive = Gathering.data_received

    def counted(self: Gathering, data: bytes) -> None:
        nonlocal reads
        reads += 1
        receive(self, data)

    monkeypatch.setattr(Gathering, "data_received", counted)
    monkeypatch.setattr(gathering, "LOW_WATER_BYTES", 2000)
    steps: tuple[Step, ...] = (
        opening(),
        START,
        delta(FIRST),
        READ_S,
        *slowly(*["a"] * 50),
        delta("b" * 2000),
        STOP,
        *closing(),
    )
    server.answers.append(Answer(steps))
    assert await texts(claude, request_) == [FIRST, "a" * 50 + "b" * 2000]
    assert reads < 10


async def test_the_connection_reports_all_data_again_after_the_reply(
    server: Server, claude: Claude, request_: Request
) -> None:
    steps = (opening(), START, delta(FIRST), READ_S, *slowly("one", "two"), STOP, *closing())
    short = Answer((opening(), START, delta("a"), READ_S, delta("b"), READ_S, STOP, *closing()))
    server.answers.extend([Answer(steps), short])
    await texts(claude, request_)
    assert await texts(claude, request_) == ["a", "b"]
    assert server.peers[0] == server.peers[1]


async def test_the_end_of_the_body_is_not_held_back_behind_the_last_text(
    server: Server, claude: Claude, request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "DRAIN_TIMEOUT_S", 5.0)
    end = b"".join((delta("last"), STOP, *closing()))
    steps = (opening(), START, delta(FIRST), READ_S, end, READ_S)
    server.answers.extend([Answer(steps)] * 2)
    assert await texts(claude, request_) == await texts(claude, request_) == [FIRST, "last"]
    assert server.peers[0] == server.peers[1]


def test_a_response_whose_connection_is_not_known_is_read_as_it_arrives() -> None:
    assert gathering_of(httpx2.Response(200, content=b""), ReadMoments()) is None


@pytest.mark.parametrize("how", ["to its end", "closed", "broken off"])
async def test_a_stream_that_has_ended_leaves_its_moments_to_others(
    server: Server, claude: Claude, request_: Request, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    used: list[ReadMoments] = []
    begin = Gathering.__init__

    def begun(self: Gathering, protocol: Any, content: Any, moments: ReadMoments) -> None:
        used.append(moments)
        begin(self, protocol, content, moments)

    monkeypatch.setattr(Gathering, "__init__", begun)
    ends: dict[str, tuple[Step, ...]] = {
        "to its end": (STOP, *closing()),
        "closed": ("hang",),
        "broken off": ("drop",),
    }
    server.answers.append(Answer((opening(), START, delta(FIRST), READ_S, delta("b"), *ends[how])))
    with suppress(ClaudeUnreachable):
        async with aclosing(claude.stream(request_)) as events:
            async for event in events:
                if how == "closed" and isinstance(event, TextDelta):
                    break
    (moments,) = used
    async with idle_timeout(10):
        while moments.streams:  # noqa: ASYNC110 - the connection closes by itself
            await asyncio.sleep(0.01)


async def test_of_very_many_streams_each_is_read_at_its_moments_alone_and_completely(
    server: Server, claude: Claude, request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_moments, "GATHER_S", 0.3)
    monkeypatch.setattr(read_moments, "ROOM", 0.5)
    words = [f"{number} " for number in range(60)]
    steps = (opening(), START, delta(FIRST), READ_S, *slowly(*words), STOP, *closing())
    server.answers.extend([Answer(steps)] * 2)
    for _ in range(2):
        seen = await texts(claude, request_)
        assert "".join(seen) == FIRST + "".join(words)
        assert len(seen) < 10
    assert server.peers[0] == server.peers[1]
