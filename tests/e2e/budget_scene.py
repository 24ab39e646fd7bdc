"""People at a limit."""

from __future__ import annotations

from typing import Any

from tests.e2e.test_commands import answer
from tests.e2e.world import World

HAIKU = "claude-haiku-5-5"
LONG_S = 90.0


def pattern(own: World) -> str:
    """The keys of a world's budgets."""
    return f"{own.prefix}:{{budgets}}:*"


async def mention(own: World, who: Any, text: str = "hello", channel: int | None = None) -> dict[str, Any]:
    """Mention the bot in a channel."""
    message: dict[str, Any] = await who.post(channel or own.channel(), f"{own.mention} {text}")
    return message


async def refused(own: World, message: dict[str, Any]) -> str:
    """Wait until a message is declined, and return the line that says so."""
    thread = await own.thread_of(message)
    (line,) = await own.noticed(thread)
    await own.settled(message)
    return str(line["content"])


async def set_limit(own: World, place: int, amount: str, who: Any = None, **options: Any) -> str:
    """Run /budget set with an amount such as `5 messages per month`."""
    number, unit, _, per = amount.split()
    values = {"amount": number, "unit": unit, "per": per, **options}
    return await answer(await (who or own.admin).command(place, "budget set", values))
