"""A world with tight limits for each person."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.controls import answer
from tests.e2e.world import World

THREADS, TURNS = 2, 2
TIMESTAMP = re.compile(r"<t:(\d+):R>")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bounded(shared: World) -> AsyncIterator[World]:
    """A world with two bots that keep limits."""
    limits = {
        "BOT_LIMITS__THREADS_PER_MINUTE": str(THREADS),
        "BOT_LIMITS__TURNS_PER_PERSON": str(TURNS),
        "BOT_LIMITS__REFUSALS": "3",
    }
    async with shared.apart(limits, bots=2) as own:
        yield own


@pytest.fixture
def own(bounded: World) -> World:
    bounded.begin()
    return bounded


async def why(person: Any, place: int, message: dict[str, Any]) -> str:
    return await answer(await person.command(place, "why", {"message": message["id"]}))
