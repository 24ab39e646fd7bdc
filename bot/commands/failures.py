"""The answers to a command, a button or a modal that failed."""

from __future__ import annotations

import aiohttp
import discord
import structlog

from bot.commands.interactions import Interaction, say
from bot.commands.scopes import UnknownChannel
from bot.conversation import wording
from bot.conversation.errors import (
    DiscordForbidden,
    DiscordFull,
    DiscordGone,
    DiscordNotNow,
    DiscordUnavailable,
    StoreUnavailable,
)

log = structlog.get_logger()

UNEXPECTED = "Something went wrong on my side. Please try again; if it happens again, tell whoever runs me."
UNAVAILABLE = "Discord does not answer me right now. Please try again in a minute."
GONE = "That is not there any more: the message, or its thread, was deleted."
UNKNOWN_CHANNEL = "I cannot find that channel, or you cannot see it. Choose one from Discord's list."
THREADS_FULL = (
    "This server has as many active threads as Discord allows, so I cannot open another one. Somebody with the "
    "permission “Manage Threads” can close some; then try again."
)


def not_now(for_s: float) -> str:
    """Say when Discord allows the call again."""
    return f"Discord lets me do that only {wording.about(for_s)} from now. Please try again then."


REFUSED_IN_DMS = "I cannot do that here: Discord does not let me."


def missing(permission: str) -> str:
    """Name the permission that the bot lacks; `permission` is "" if it is unknown."""
    what = f"the permission “{permission}”" if permission else "a permission"
    return f"I cannot do that here: I lack {what}. Somebody who manages this server can give it to me."


async def explain(interaction: Interaction, error: BaseException) -> None:
    """Answer the person; log what is not a known failure, because it is a bug."""
    match error:
        case StoreUnavailable():
            await say(interaction, wording.STORE_DOWN)
        case DiscordFull():
            await say(interaction, THREADS_FULL)
        case DiscordNotNow():
            await say(interaction, not_now(error.for_s))
        case (
            DiscordUnavailable()
            | discord.DiscordServerError()
            | aiohttp.ClientError()
            | OSError()  # a reset connection, and TimeoutError
        ):
            log.info("interaction_not_done", interaction=interaction.id, kind=type(error).__name__)
            await say(interaction, UNAVAILABLE)
        case DiscordGone() | discord.NotFound():
            await say(interaction, GONE)
        case UnknownChannel():
            await say(interaction, UNKNOWN_CHANNEL)
        case discord.RateLimited():
            await say(interaction, not_now(error.retry_after))
        case DiscordForbidden() | discord.Forbidden() if interaction.guild_id is None:
            await say(interaction, REFUSED_IN_DMS)
        case DiscordForbidden():
            await say(interaction, missing(error.permission))
        case discord.Forbidden():
            await say(interaction, missing(""))
        case _:
            log.error("interaction_failed", interaction=interaction.id, exc_info=error)
            await say(interaction, UNEXPECTED)
