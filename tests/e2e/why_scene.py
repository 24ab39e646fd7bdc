"""People who ask why a message got no answer."""

from __future__ import annotations

from typing import Any

from bot.conversation.reasons import because
from tests.e2e.controls import answer
from tests.e2e.world import World


async def why(person: Any, place: int, message: dict[str, Any] | int | str | None = None) -> str:
    """Ask about a message by its id or its link, or about the latest one."""
    named = message["id"] if isinstance(message, dict) else message
    options = {} if named is None else {"message": str(named)}
    return await answer(await person.command(place, "why", options))


async def menu(person: Any, place: int, message: dict[str, Any]) -> str:
    """Use the menu of a message."""
    return await answer(await person.context_command(place, "Why?", message["id"]))


def is_because(text: str, reason: str, detail: str = "") -> bool:
    """Whether an answer tells a reason, and what to do."""
    row = because(reason)
    return row.told(detail) in text and row.switch in text


def url(world: World, channel: int, message: dict[str, Any] | int) -> str:
    """The link to a message."""
    named = message["id"] if isinstance(message, dict) else message
    return f"https://discord.com/channels/{world.guild.id}/{channel}/{named}"
