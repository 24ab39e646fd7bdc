"""What Claude is told when Discord does not do what a tool asks."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from bot.conversation.errors import (
    DiscordError,
    DiscordForbidden,
    DiscordGone,
    DiscordNotNow,
    DiscordRejected,
)
from bot.tools.tool import ToolFailed

T = TypeVar("T")

ONLY_IN_SERVERS = "This works in a server only, not in direct messages."


async def asked(call: Awaitable[T]) -> T:
    """Wait for what is asked of Discord; ToolFailed where Discord refuses it or does not answer."""
    try:
        return await call
    except DiscordGone:
        raise ToolFailed("That does not exist any more on Discord.") from None
    except DiscordForbidden as error:
        lacking = (
            f" needs the permission “{error.permission}” there" if error.permission else " may not do that"
        )
        raise ToolFailed(f"The bot{lacking}. Whoever manages the server can change that.") from None
    except DiscordNotNow as error:
        raise ToolFailed(f"Discord allows that in {error.for_s:.0f} seconds at the earliest.") from None
    except DiscordRejected as error:
        raise ToolFailed(f"Discord does not accept that (code {error.code}).") from None
    except DiscordError:
        raise ToolFailed("Discord does not answer at the moment. Try again later.") from None
