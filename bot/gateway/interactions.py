"""Every interaction is answered, exactly once, by exactly one instance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.conversation import wording
from bot.conversation.errors import DiscordForbidden, DiscordFull, DiscordNotNow, StoreUnavailable
from bot.gateway import answers
from bot.retry import Schedule, retry
from bot.store.coordination import Coordination

log = structlog.get_logger()

Interaction: TypeAlias = discord.Interaction[discord.Client]

TAKE_S = 1.2
"""An interaction must be answered within 3 s (Discord, interactions); this much for asking who does it."""

OFFER_S = 0.6
"""Less for what is offered while somebody types: it is asked for at each key."""

LOOK_S = 1.2
"""And this much for what has to be known before the first answer, where it cannot be put off (a modal)."""

EDIT = Schedule(0.2, factor=2, tries=4)
"""What goes wrong on the way to Discord is mostly over in an instant; somebody is waiting."""

UNKNOWN_INTERACTION_CODE = 10062
"""Too late: an interaction waits 3 s for its first answer."""

ALREADY_ANSWERED_CODE = 40060
"""Another instance was faster, while the store could not tell which is to answer."""


class Tree(app_commands.CommandTree[discord.Client]):
    """The slash commands; asks the desk before each, and answers for what fails."""

    def __init__(self, client: discord.Client, desk: Coordination) -> None:
        super().__init__(client)
        self._desk = desk

    def names(self) -> frozenset[str]:
        """The names of the slash commands."""
        commands = self.get_commands(type=discord.AppCommandType.chat_input)
        return frozenset(command.name for command in commands)

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Let one instance answer."""
        if interaction.type is discord.InteractionType.autocomplete:
            return await _take_quietly(self._desk, interaction)
        return await take(self._desk, interaction)

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Tell the person, and the operator."""
        await explain(interaction, error.__cause__ or error)


async def take(desk: Coordination, interaction: Interaction) -> bool:
    """Say whether this instance answers; without the store nobody can tell, and the person is told so."""
    try:
        async with asyncio.timeout(TAKE_S):
            return await desk.take(interaction.id)
    except (StoreUnavailable, TimeoutError) as error:
        log.warning("store_unavailable", interaction=interaction.id, detail=str(error))
        await say(interaction, wording.STORE_DOWN)
        return False


async def _take_quietly(desk: Coordination, interaction: Interaction) -> bool:
    """Say whether this instance completes what is typed; without the store each does, and Discord takes the first.

    What is offered changes nothing, so it need not wait for the store, as an answer that does something must.
    """
    try:
        async with asyncio.timeout(OFFER_S):
            return await desk.take(interaction.id)
    except (StoreUnavailable, TimeoutError):
        return True


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """Bound what is asked of the store before the first answer; StoreUnavailable when it takes too long."""
    try:
        async with asyncio.timeout(LOOK_S):
            yield
    except TimeoutError as error:
        raise StoreUnavailable("too slow for an interaction") from error


async def say(
    interaction: Interaction,
    text: str,
    *,
    files: Sequence[discord.File] = (),
    view: discord.ui.View | None = None,
) -> None:
    """Answer the person alone, whether or not the interaction was deferred."""
    shown = view if view is not None else discord.utils.MISSING
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True, files=files, view=shown)
        else:
            await interaction.response.send_message(text, ephemeral=True, files=files, view=shown)
    except discord.InteractionResponded:
        log.info("interaction_lost", interaction=interaction.id)
    except discord.HTTPException as error:
        if error.code not in (UNKNOWN_INTERACTION_CODE, ALREADY_ANSWERED_CODE):
            raise
        log.info("interaction_lost", interaction=interaction.id, code=error.code)
    finally:
        if view is not None:
            view.stop()  # its buttons are answered by their custom id, also after a restart


async def conclude(
    interaction: Interaction,
    text: str | None = discord.utils.MISSING,
    *,
    view: discord.ui.View | None = None,
) -> None:
    """Take the buttons off the message that was pressed, but for those of `view`, and put another text in its place.

    What was pressed for is done by now, so a failure here is none of it. An edit may be repeated: its answer is
    lost, at times, after it was made.
    """

    def repeated(error: Exception, _failures: int) -> None:
        log.info("answer_repeated", interaction=interaction.id, kind=type(error).__name__)

    try:
        await retry(
            lambda: interaction.edit_original_response(content=text, view=view),
            EDIT,
            on=(aiohttp.ClientError, OSError, discord.DiscordServerError),
            on_retry=repeated,
        )
    except discord.HTTPException as error:
        log.info("interaction_lost", interaction=interaction.id, code=error.code)
    except (aiohttp.ClientError, OSError) as error:
        log.info("interaction_lost", interaction=interaction.id, kind=type(error).__name__)


async def explain(interaction: Interaction, error: BaseException) -> None:
    """Turn a failure into a sentence for the person."""
    match error:
        case StoreUnavailable():
            await say(interaction, wording.STORE_DOWN)
        case DiscordFull():
            await say(interaction, answers.THREADS_FULL)
        case DiscordNotNow():
            await say(interaction, answers.not_now(error.for_s))
        case discord.RateLimited():
            await say(interaction, answers.not_now(error.retry_after))
        case DiscordForbidden():
            await say(interaction, answers.missing(error.permission))
        case _:
            log.error("interaction_failed", interaction=interaction.id, exc_info=error)
            await say(interaction, answers.UNEXPECTED)
