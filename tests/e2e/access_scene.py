"""People whom a rule blocks or admits."""

from __future__ import annotations

from typing import Any

from tests.e2e.controls import answer
from tests.e2e.world import World


async def rule(world: World, place: int, verb: str, who: Any = None, **options: Any) -> str:
    """Set or remove a rule."""
    return await answer(await (who or world.admin).command(place, f"access {verb}", options))


async def block(world: World, place: int, person: Any, **options: Any) -> None:
    """Block somebody."""
    assert "is blocked in" in await rule(world, place, "block", person=person.id, **options)


async def ignored(world: World, channel: int, who: Any, text: str = "hello?") -> None:
    """Mention the bot in a channel in vain: by the time somebody else is answered, that is decided."""
    message = await who.post(channel, f"{world.mention} {text}")
    await world.converse(channel, "the next", world.ann)
    assert int(message["id"]) not in world.discord.world.channels
    assert world.said(channel) == []
