"""Models that are chosen."""

from __future__ import annotations

from typing import Any

from tests.e2e.test_commands import answer
from tests.e2e.world import World

DEFAULT = "claude-sonnet-5-5"
HAIKU = "claude-haiku-5-5"
OPUS = "claude-opus-5-5"

RETIRED = "claude-3-5-haiku-20241022"


async def choose(person: Any, place: int, **options: str) -> str:
    """Run /model set."""
    return await answer(await person.command(place, "model set", options))


async def go_on(world: World, thread: int, text: str = "go on") -> dict[str, Any]:
    """Write on in a thread, and return the body of the request that this leads to."""
    await world.settled(await world.ann.post(thread, text))
    body: dict[str, Any] = world.asked[-1].body
    return body
