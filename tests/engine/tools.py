"""Tools with an effect that everybody sees, for bots that are hit: each posts its key in a channel.

`knock` repeats safely, because Discord knows the nonce; `ring` and `permit` do not. `permit` waits for a permission.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from bot.local.simulator.discord import Discord
from bot.tools.tool import Tool, ToolContext
from bot.tools.typed import tool_of

NAMES = ("knock", "ring", "permit")

CHANNEL = "POINTS_EFFECTS"
"""The environment variable that names the channel of the effects."""

LIMIT = "POINTS_TOOL_S"
"""The environment variable with the time limit of the tools."""

USUAL_S = 2.0

Through = Callable[[str, Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""Makes a call between two points."""


def tools(through: Through) -> tuple[Tool, ...]:
    """Make the tools."""
    limit_s = float(os.environ.get(LIMIT) or USUAL_S)

    async def knock(context: ToolContext, door: str) -> str:
        """Knock at a door."""
        await through("knock", lambda: _post(f"knock {context.key} {door}", context.key))
        return "Somebody has heard it."

    async def ring(context: ToolContext, bell: str) -> str:
        """Ring a bell."""
        await through("ring", lambda: _post(f"ring {context.key} {bell}"))
        return "Somebody has heard it."

    async def permit(context: ToolContext, gate: str) -> str:
        """Open a gate."""
        await through("permit", lambda: _post(f"permit {context.key} {gate}"))
        return "The gate is open."

    return (
        tool_of(knock, status="Knocking", changes=True, repeats=True, time_limit_s=limit_s),
        tool_of(ring, status="Ringing", changes=True, time_limit_s=limit_s),
        tool_of(permit, status="Opening", changes=True, asks=True, time_limit_s=limit_s),
    )


async def _post(text: str, nonce: str | None = None) -> None:
    url = f"{os.environ['BOT_DISCORD__API_URL']}/channels/{os.environ[CHANNEL]}/messages"
    headers = {"Authorization": f"Bot {os.environ['DISCORD_TOKEN']}"}
    body: dict[str, Any] = {"content": text}
    if nonce is not None:
        body |= {"nonce": nonce, "enforce_nonce": True}
    async with aiohttp.ClientSession(headers=headers) as session:
        while True:
            async with session.post(url, json=body) as response:
                if response.status != 429:
                    response.raise_for_status()
                    return


def is_result(message: dict[str, Any]) -> bool:
    """Whether a message of a request holds the results of calls."""
    content = message["content"]
    return not isinstance(content, str) and any(block["type"] == "tool_result" for block in content)


def effects(discord: Discord, channel: int) -> Counter[str]:
    """How often each effect was made, by the name of the tool and the key."""
    return Counter(" ".join(each["content"].split()[:2]) for each in discord.messages(channel))


def repeated(discord: Discord, channel: int) -> list[str]:
    """The effects that were made more than once."""
    found = effects(discord, channel)
    return [f"the effect {effect} was made {times} times" for effect, times in found.items() if times > 1]
