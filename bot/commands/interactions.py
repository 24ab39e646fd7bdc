"""Taking interactions, and answering them within Discord's deadlines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar

import aiohttp
import discord
import structlog

from bot.conversation import wording
from bot.conversation.errors import DiscordUnavailable, StoreUnavailable
from bot.retry import Schedule, retry
from bot.store.coordination import Coordination

log = structlog.get_logger()

T = TypeVar("T")

Interaction: TypeAlias = discord.Interaction[discord.Client]

TAKE_S = 1.2
"""For asking the store which instance answers. An interaction must be answered within 3 s (Discord, interactions)."""

TAKE_AUTOCOMPLETE_S = 0.6
"""Shorter, because an autocompletion is requested at each key."""

LOOKUP_S = 1.2
"""For what has to be known before the first answer, where that cannot be deferred (a modal)."""

DISCORD_S = 10.0
"""For what an answer has to ask of Discord. discord.py repeats a call for 25 s, and waits 5 minutes for an answer."""

EDIT = Schedule(0.2, factor=2, tries=4)
"""Short pauses, because a person is waiting."""

UNKNOWN_INTERACTION_CODE = 10062
"""Too late: an interaction waits 3 s for its first answer."""

ALREADY_ANSWERED_CODE = 40060
"""Another instance was faster, while the store could not tell which one answers."""


async def take(coordination: Coordination, interaction: Interaction) -> bool:
    """Whether this instance answers; without the store no instance can know, and each tries to say so."""
    try:
        async with asyncio.timeout(TAKE_S):
            return await coordination.take(interaction.id)
    except (StoreUnavailable, TimeoutError) as error:
        detail = str(error) or type(error).__name__
        log.warning("store_unavailable", interaction=interaction.id, detail=detail)
        await say(interaction, wording.STORE_DOWN)
        return False


async def take_for_autocomplete(coordination: Coordination, interaction: Interaction) -> bool:
    """Whether this instance answers an autocompletion; without the store each does, and Discord takes the first.

    An autocompletion changes nothing, so two answers do no harm.
    """
    try:
        async with asyncio.timeout(TAKE_AUTOCOMPLETE_S):
            return await coordination.take(interaction.id)
    except (StoreUnavailable, TimeoutError):
        return True


@asynccontextmanager
async def lookup_deadline() -> AsyncIterator[None]:
    """Bound the calls to the store before the first answer; StoreUnavailable when they take too long."""
    try:
        async with asyncio.timeout(LOOKUP_S):
            yield
    except TimeoutError as error:
        raise StoreUnavailable("too slow for an interaction") from error


async def in_time(call: Coroutine[Any, Any, T]) -> T:
    """Wait for something that asks Discord; DiscordUnavailable when that takes too long.

    The call goes on unheard: discord.py leaves its global limit closed if a call is cancelled that waits for it.
    """
    task = asyncio.ensure_future(call)
    try:
        done, _ = await asyncio.wait({task}, timeout=DISCORD_S)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.add_done_callback(_note_exception)
        raise DiscordUnavailable("too slow for an interaction")
    return task.result()


def _note_exception(task: asyncio.Future[T]) -> None:
    """Keep asyncio from logging the exception of a call for which nobody waits any more."""
    if not task.cancelled():
        task.exception()


async def say(
    interaction: Interaction,
    text: str,
    *,
    files: Sequence[discord.File] = (),
    embeds: Sequence[discord.Embed] = (),
    view: discord.ui.View | None = None,
) -> None:
    """Answer the person alone, whether or not the interaction was deferred."""
    shown = view if view is not None else discord.utils.MISSING
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True, files=files, embeds=embeds, view=shown)
        else:
            await interaction.response.send_message(
                text, ephemeral=True, files=files, embeds=embeds, view=shown
            )
    except discord.InteractionResponded:
        log.info("interaction_response_rejected", interaction=interaction.id)
    except discord.HTTPException as error:
        if error.code not in (UNKNOWN_INTERACTION_CODE, ALREADY_ANSWERED_CODE):
            raise
        log.info("interaction_response_rejected", interaction=interaction.id, code=error.code)


async def update_message(
    interaction: Interaction,
    text: str | None = discord.utils.MISSING,
    *,
    embeds: Sequence[discord.Embed] = discord.utils.MISSING,
    files: Sequence[discord.File] = discord.utils.MISSING,
    view: discord.ui.View | None = None,
) -> bool:
    """Edit the message whose button was pressed: its text, and its buttons, of which none stays by default.

    Returns whether Discord took the edit. The button's effect is done by now, so a failure here is not reported as a
    failure of the effect. The edit is repeated, because its answer may be lost after the edit was made.
    """

    def log_retry(error: Exception, _failures: int) -> None:
        log.info("interaction_edit_retried", interaction=interaction.id, kind=type(error).__name__)

    try:
        await retry(
            lambda: interaction.edit_original_response(
                content=text, embeds=embeds, attachments=files, view=view
            ),
            EDIT,
            on=(aiohttp.ClientError, OSError, discord.DiscordServerError),
            on_retry=log_retry,
        )
    except discord.HTTPException as error:
        log.info("interaction_response_rejected", interaction=interaction.id, code=error.code)
    except (aiohttp.ClientError, OSError) as error:
        log.info("interaction_response_rejected", interaction=interaction.id, kind=type(error).__name__)
    else:
        return True
    return False
