"""Messages that refer to others."""

from __future__ import annotations

import re
from typing import Any

from bot.conversation import wording
from tests.e2e.world import World


def blocks(world: World, request: int = -1) -> list[dict[str, Any]]:
    """The blocks of the newest message of a request."""
    found: list[dict[str, Any]] = world.asked[request].body["messages"][-1]["content"]
    return found


def quotes(world: World) -> list[str]:
    """The quotes of the newest message of the latest request."""
    texts = [block.get("text", "") for block in blocks(world)]
    return [text for text in texts if text.startswith("<quote ")]


def said(quote: str) -> list[tuple[str, str]]:
    """The attributes and the text of each message of a quote."""
    return re.findall(r'<said ([^\n]*?) at="[^"]*">\n(.*?)\n?</said>', quote, re.DOTALL)


def link(world: World, message: dict[str, Any]) -> str:
    return f"https://discord.com/channels/{world.guild.id}/{message['channel_id']}/{message['id']}"


def notices(world: World, place: int) -> list[str]:
    return [each["content"] for each in world.said(place) if each["content"].startswith(wording.SMALL)]


async def ask(world: World, channel: int, text: str, who: Any = None, **options: Any) -> int:
    """Mention the bot in a channel and wait for the end of the turn; returns the thread."""
    asked = await (who or world.ann).post(channel, f"{world.mention} {text}", **options)
    await world.settled(asked)
    return int(asked["id"])
