"""Which instance answers an interaction, and answers within Discord's deadlines."""

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
"""Bounds the time to find out which instance answers: Discord waits 3 s for an answer (Discord, interactions)."""

TAKE_AUTOCOMPLETE_S = 0.6
"""Shorter, because Discord requests an autocompletion at each keystroke."""

LOOKUP_S = 1.2
"""Bounds the lookups before a first answer that cannot be deferred, such as a modal."""

DISCORD_S = 10.0
"""Bounds the calls to Discord within an answer: discord.py repeats a call for 25 s, and waits 5 minutes for it."""

EDIT = Schedule(0.2, factor=2, tries=4)
"""Short pauses, because a person is waiting."""

UNKNOWN_INTERACTION_CODE = 10062
"""Discord no longer waits for the first answer, which was due within 3 s."""

ALREADY_ANSWERED_CODE = 40060
"""Another instance has answered first, while the store could not say which one should."""


async def take(coordination: Coordination, interaction: Interaction) -> bool:
    """Whether this instance answers. Without the store each instance tries to say that the store is away."""
    try:
        async with asyncio.timeout(TAKE_S):
            return await coordination.take(interaction.id)
    except (StoreUnavailable, TimeoutError) as error:
        detail = str(error) or type(error).__name__
        log.warning("store_unavailable", interaction=interaction.id, detail=detail)
        await say(interaction, wording.STORE_DOWN)
        return False


async def take_for_autocomplete(coordination: Coordination, interaction: Interaction) -> bool:
    """Whether this instance answers an autocompletion; without the store each instance does.

    Discord takes the first answer, and an autocompletion changes nothing.
    """
    try:
        async with asyncio.timeout(TAKE_AUTOCOMPLETE_S):
            return await coordination.take(interaction.id)
    except (StoreUnavailable, TimeoutError):
        return True


@asynccontextmanager
async def lookup_deadline() -> AsyncIterator[None]:
    """Bound the calls to the store before the first answer; StoreUnavailable after LOOKUP_S."""
    try:
        async with asyncio.timeout(LOOKUP_S):
            yield
    except TimeoutError as error:
        raise StoreUnavailable("too slow for an interaction") from error


async def in_time(call: Coroutine[Any, Any, T]) -> T:
    """Wait for a call to Discord; DiscordUnavailable after DISCORD_S.

    The call is not cancelled: discord.py's global rate limit stays locked if a call that waits for it is cancelled.
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
    """Retrieve the exception of an abandoned call, so that asyncio does not log it."""
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
    """Send an ephemeral answer, whether or not the interaction was deferred.

    A link in it has no preview: Discord would request an address that a text of others had Claude write.
    """
    shown = view if view is not None else discord.utils.MISSING
    no_previews = not embeds
    try:
        if interaction.response.is_done():
            await interaction.followup.send(
                text, ephemeral=True, files=files, embeds=embeds, view=shown, suppress_embeds=no_previews
            )
        else:
            await interaction.response.send_message(
                text, ephemeral=True, files=files, embeds=embeds, view=shown, suppress_embeds=no_previews
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
    """Edit the message whose button was pressed, and return whether Discord took the edit.

    By default the text stays and the buttons go. The effect of the button is done by now, so a failure of the edit
    must not be reported as a failure of the effect. A failed edit is repeated, which is harmless if Discord had made
    it.
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
