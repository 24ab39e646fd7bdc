"""One arena for each module, and cases that are played ahead of the tests that ask for their outcomes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

import pytest
import pytest_asyncio

from tests.engine.arena import Arena, arena
from tests.engine.cases import Case, Outcome, run_until_reached
from tests.spread import BATCH, CASE

ALL = os.environ.get("BOBBIN_POINTS") == "all"
"""Whether all cases are played, as `make points` does, and not only the choice of `make test`."""

Key = TypeVar("Key")
Result = TypeVar("Result")


AT_ONCE = 6
"""Cases that a worker plays at once. With more, the bots overload two processors, and the waits of all cases take
longer."""


class Ahead(Generic[Key, Result]):
    """Plays the cases of a batch, some at once, as soon as a test asks for one of them: a case mostly waits."""

    def __init__(self, keys: Sequence[Key], play: Callable[[Key], Awaitable[Result]]) -> None:
        self._batches = [keys[at : at + BATCH] for at in range(0, len(keys), BATCH)]
        self._play_one = play
        self._free = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[Key, asyncio.Future[Result]] = {}

    @classmethod
    @asynccontextmanager
    async def of(
        cls, keys: Sequence[Key], play: Callable[[Key], Awaitable[Result]]
    ) -> AsyncIterator[Ahead[Key, Result]]:
        """Play no further at the end."""
        ahead = cls(keys, play)
        yield ahead
        for task in ahead._tasks.values():
            task.cancel()
        await asyncio.gather(*ahead._tasks.values(), return_exceptions=True)

    async def result(self, key: Key) -> Result:
        """What came of a case."""
        if key not in self._tasks:
            (batch,) = [batch for batch in self._batches if key in batch]
            self._tasks |= {each: asyncio.ensure_future(self._play(each)) for each in batch}
        return await self._tasks[key]

    async def _play(self, key: Key) -> Result:
        async with self._free:  # lets them in by their order, which is that of the tests
            return await self._play_one(key)


def cases_of(request: pytest.FixtureRequest) -> list[Any]:
    """The cases that are selected of a module's tests, in order."""
    items: list[Any] = [item for item in request.session.items if item.path == request.path]
    return [
        item.callspec.params[CASE]
        for item in items
        if hasattr(item, "callspec") and CASE in item.callspec.params
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ahead(found: Arena, request: pytest.FixtureRequest) -> AsyncIterator[Ahead[Case, Outcome]]:
    async with Ahead.of(cases_of(request), lambda case: run_until_reached(found, case)) as playing:
        yield playing


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def found() -> AsyncIterator[Arena]:
    async with arena() as made:
        yield made
