"""Commands of the same moment share a round trip: what is sent within one iteration of the event loop goes together.

A round trip costs more processor time than most commands, and where many threads are answered at once, many commands
meet. A batch is tried once: where the connection fails, each of its commands is sent by itself, with the repetitions
that its caller wants, so that no command fails because of another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from redis.exceptions import RedisError

from bot.in_turn import InTurn

MOST_COMMANDS = 64
"""The most commands of a batch: all of them wait for the last one's answer."""

AT_ONCE = frozenset({"PING", "EVAL"})
"""Commands whose callers go on before all others: they try whether Redis serves. A Redis must not seem to be away
because a thousand callers go on in turn."""

Command = tuple[tuple[Any, ...], Mapping[str, Any]]
"""The arguments of a command, and the options of its answer, as redis-py takes them."""


@dataclass(frozen=True, slots=True)
class _Job:
    commands: Sequence[Command]
    answers: asyncio.Future[list[Any] | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def goes_first(self) -> bool:
        """Whether the caller goes on before those of other jobs."""
        return self.commands[0][0][0] in AT_ONCE

    def settle(self, answers: list[Any] | None) -> None:
        """Hand over the answers, unless the caller was cancelled."""
        if not self.answers.done():
            self.answers.set_result(answers)


class Batches:
    """Gathers commands; `send` sends those of a batch and returns their answers, a ResponseError as an answer."""

    def __init__(self, send: Callable[[Sequence[Command]], Awaitable[list[Any]]]) -> None:
        self._send = send
        self._jobs: list[_Job] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._settling = InTurn()

    async def join(self, commands: Sequence[Command]) -> list[Any] | None:
        """Send commands together with others; None if the caller is to send them.

        That is so if there are no others, and after a failure of the connection.
        """
        job = _Job(commands)
        if not self._jobs:
            asyncio.get_running_loop().call_soon(self._start)
        self._jobs.append(job)
        return await job.answers

    def _start(self) -> None:
        waiting, self._jobs = [job for job in self._jobs if not job.answers.done()], []
        for jobs in _parted(waiting):
            if len(jobs) == 1:
                jobs[0].settle(None)
            else:
                task = asyncio.get_running_loop().create_task(self._run(jobs), name="redis-batch")
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    async def _run(self, jobs: Sequence[_Job]) -> None:
        answers: list[Any] | None = None
        try:
            answers = await self._send([command for job in jobs for command in job.commands])
        except (RedisError, OSError, TimeoutError, RuntimeError):  # as in `connection.translated`
            answers = None
        finally:
            self._settle(jobs, answers)

    def _settle(self, jobs: Sequence[_Job], answers: list[Any] | None) -> None:
        in_turn: list[Callable[[], None]] = []
        start = 0
        for job in jobs:
            end = start + len(job.commands)
            own = None if answers is None else answers[start:end]
            if job.goes_first:
                job.settle(own)
            else:
                in_turn.append(partial(job.settle, own))
            start = end
        self._settling.add(in_turn)


def _parted(jobs: Sequence[_Job]) -> Iterator[list[_Job]]:
    part: list[_Job] = []
    count = 0
    for job in jobs:
        if part and count + len(job.commands) > MOST_COMMANDS:
            yield part
            part, count = [], 0
        part.append(job)
        count += len(job.commands)
    if part:
        yield part
