"""Messages with files, and what Claude is sent of them."""

from __future__ import annotations

from typing import Any

from tests.e2e.world import World


def question(world: World) -> list[dict[str, Any]]:
    """The blocks of the newest message of the latest request."""
    blocks: list[dict[str, Any]] = world.asked[-1].body["messages"][-1]["content"]
    return blocks


async def ask(world: World, thread: int, text: str, *files: tuple[str, str, bytes]) -> list[dict[str, Any]]:
    """Write in a thread with files, and return the blocks of the request."""
    await world.settled(await world.ann.post(thread, text, attachments=files))
    return question(world)
