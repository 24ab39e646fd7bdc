"""Requests that wait for others."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from bot.claude import request_queue
from bot.claude.request_queue import QueuedRequest, RequestQueue
from bot.conversation.errors import ClaudeBusy, ClaudeUnreachable
from bot.conversation.fair_queue import Caller
from bot.conversation.request import Finished, Started, Usage
from tests.patience import idle_timeout

MODEL = "claude-test"
DONE = Finished("end_turn", Usage(), MODEL, "msg_1")


class Person:
    """Somebody who asks, and what they are told meanwhile."""

    def __init__(
        self,
        queue: RequestQueue,
        server: int,
        *,
        is_command: bool = False,
        model: str = MODEL,
        asked_ms: int = 0,
    ) -> None:
        self.told: list[int] = []
        self.request = queue.request(model, Caller(server, is_command, asked_ms))
        self.task = asyncio.create_task(self.wait())

    async def wait(self) -> None:
        async with aclosing(self.request.wait()) as waits:
            async for before in waits:
                self.told.append(before)

    @property
    def runs(self) -> bool:
        return self.task.done()


@pytest.fixture
async def people() -> AsyncIterator[list[Person]]:
    """Those who ask; whoever still waits at the end leaves."""
    asking: list[Person] = []
    yield asking
    for person in asking:
        person.task.cancel()
    await asyncio.gather(*(person.task for person in asking), return_exceptions=True)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_no_more_run_at_once_than_the_ceiling_and_the_next_comes_when_one_ends(
    people: list[Person],
) -> None:
    queue = RequestQueue(3)
    people += [Person(queue, 1) for _ in range(10)]
    for ended in range(7):
        await settle()
        assert [person.runs for person in people] == [True] * (3 + ended) + [False] * (7 - ended)
        assert queue.running == 3
        people[ended].request.note(DONE)
    assert [person.told[0] for person in people[3:]] == list(range(7))


async def test_a_small_server_waits_for_one_of_a_busy_one_and_not_for_all(people: list[Person]) -> None:
    queue = RequestQueue(1)
    people += [Person(queue, 1) for _ in range(5)]
    await settle()
    people.append(small := Person(queue, 2))
    await settle()
    assert small.told == [1]
    people[0].request.leave()
    people[1].request.leave()
    await settle()
    people[1].request.leave()
    await settle()
    assert small.runs
    assert not people[2].runs


async def test_a_command_goes_before_chat(people: list[Person]) -> None:
    queue = RequestQueue(1)
    people += [Person(queue, 1) for _ in range(3)]
    await settle()
    people.append(command := Person(queue, 1, is_command=True))
    await settle()
    people[0].request.leave()
    await settle()
    assert command.runs
    assert not people[1].runs


async def test_models_wait_apart(people: list[Person]) -> None:
    queue = RequestQueue(1)
    people += [Person(queue, 1), Person(queue, 1), Person(queue, 1, model="another")]
    await settle()
    assert [person.runs for person in people] == [True, False, True]


async def test_who_leaves_is_in_nobodys_way(people: list[Person]) -> None:
    queue = RequestQueue(1)
    people += [Person(queue, 1) for _ in range(3)]
    await settle()
    people[1].task.cancel()
    await settle()
    assert queue.waiting == 1
    people[0].request.leave()
    people[0].request.leave()
    await settle()
    assert people[2].runs
    assert queue.running == 1


async def test_who_leaves_at_the_moment_of_being_let_in_gives_the_room_back(people: list[Person]) -> None:
    queue = RequestQueue(1)
    people += [Person(queue, 1) for _ in range(3)]
    await settle()
    people[0].request.leave()
    people[1].task.cancel()
    await settle()
    assert people[2].runs
    assert queue.running == 1


async def test_a_further_attempt_comes_before_those_that_asked_later(people: list[Person]) -> None:
    queue = RequestQueue(1)
    people += [Person(queue, 1) for _ in range(3)]
    await settle()
    people[0].request.failed(ClaudeBusy(overloaded=True, retry_after=0.01))
    people[0].request.leave()
    async with idle_timeout(30):
        await people[1].task  # it does not wait for the refused one to come back
    again = asyncio.create_task(people[0].wait())
    await settle()
    people[1].request.leave()
    await settle()
    assert again.done()
    assert not people[2].runs


async def test_within_a_server_those_who_have_asked_first_come_first(people: list[Person]) -> None:
    queue = RequestQueue(1, now_s=lambda: 0.004)
    people += [Person(queue, 1, asked_ms=asked_ms) for asked_ms in (1, 3, 2, 2, 0, 5)]
    await settle()
    served = [people[0]]
    for _ in people[1:]:
        served[-1].request.leave()
        await settle()
        served += [person for person in people if person.runs and person not in served]
    assert [people.index(person) for person in served] == [0, 2, 3, 1, 4, 5]


async def test_an_overload_does_not_go_through_all_that_wait(people: list[Person]) -> None:
    now_s = [0.0]
    queue = RequestQueue(1, lambda: now_s[0])
    people += [Person(queue, 1) for _ in range(3)]
    await settle()
    people[0].request.failed(ClaudeBusy(overloaded=True))
    people[0].request.leave()
    await settle()
    assert not people[1].runs
    now_s[0] = request_queue.PAUSE_S
    async with idle_timeout(30):
        await people[1].task
    assert not people[2].runs


async def test_a_refused_request_for_which_nobody_waits_is_repeated_without_a_further_pause(
    people: list[Person],
) -> None:
    queue = RequestQueue(1, lambda: 0.0)
    people += [Person(queue, 1)]
    await settle()
    people[0].request.failed(ClaudeBusy(overloaded=True))
    people[0].request.leave()
    again = asyncio.create_task(people[0].wait())
    await settle()
    assert again.done()
    assert people[0].told == []


@pytest.mark.parametrize(
    ("error", "lowers"),
    [
        (ClaudeBusy(rate_limited=True), True),
        (ClaudeBusy(overloaded=True), True),
        (ClaudeBusy(), False),
        (ClaudeUnreachable(), False),
    ],
)
async def test_what_the_api_refuses_for_its_load_lowers_the_limit(
    people: list[Person], error: ClaudeBusy | ClaudeUnreachable, lowers: bool
) -> None:
    queue = RequestQueue(100)
    people += [Person(queue, 1) for _ in range(4)]
    await settle()
    people[0].request.failed(error)
    people += (more := [Person(queue, 1) for _ in range(2)])
    await settle()
    assert [person.runs for person in more] == [not lowers] * 2


async def test_requests_that_are_held_back_begin_by_themselves_afterwards(people: list[Person]) -> None:
    queue = RequestQueue(10)
    people += [Person(queue, 1)]
    await settle()
    people[0].request.failed(ClaudeBusy(rate_limited=True, retry_after=0.05))
    people[0].request.leave()
    people += [Person(queue, 1)]
    await settle()
    assert not people[1].runs
    async with idle_timeout(5):
        await people[1].task


async def test_a_higher_ceiling_lets_those_in_that_wait(people: list[Person]) -> None:
    queue = RequestQueue(1)
    people += [Person(queue, 1) for _ in range(3)]
    await settle()
    queue.set_ceiling(20)
    for _ in range(2):
        people[0].request.note(Started(Usage()))
    await settle()
    assert all(person.runs for person in people)


async def test_people_are_told_again_when_half_of_those_before_them_are_gone(
    people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_queue, "LOOK_S", 0.001)
    queue = RequestQueue(1)
    people += [Person(queue, 1) for _ in range(10)]
    async with idle_timeout(5):
        for person in people[:-1]:
            await person.task
            await asyncio.sleep(0.005)
            person.request.leave()
        await people[-1].task
    told = people[-1].told
    assert told[0] == 8
    assert all(later <= earlier // 2 for earlier, later in itertools.pairwise(told))
    assert len(told) > 1


def test_a_request_that_never_waited_leaves_without_effect() -> None:
    queue = RequestQueue(1)
    request: QueuedRequest = queue.request(MODEL, Caller())
    request.leave()
    assert queue.running == 0
