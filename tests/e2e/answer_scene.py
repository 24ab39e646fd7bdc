"""The answer mode of channels and threads."""

from __future__ import annotations

from typing import Any

from tests.e2e.controls import answer
from tests.e2e.world import World


async def choose(world: World, place: int, mode: str, scope: str | None = None, who: Any = None) -> str:
    """Choose a mode."""
    options = {"mode": mode, **({"scope": scope} if scope else {})}
    return await answer(await (who or world.admin).command(place, "answer set", options))


async def answered_next(world: World, place: int, text: str = "last", who: Any = None) -> None:
    """Mention the bot in a thread, and wait until it has answered: what was posted before is decided by then."""
    message = await (who or world.ann).post(place, f"{world.mention} {text}")
    await world.settled(message)


def threads(world: World, channel: int) -> list[int]:
    """The threads of a channel."""
    return [int(each["id"]) for each in world.discord.threads(channel)]


def asked_about(world: World, text: str) -> bool:
    """Whether Claude was asked with a text."""
    return text in str([call.body for call in world.asked])
