"""Every interaction is answered, exactly once, by exactly one instance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeAlias

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.commands import answers
from bot.commands.registration import register
from bot.conversation import wording
from bot.conversation.errors import DiscordForbidden, DiscordFull, DiscordNotNow, StoreUnavailable
from bot.retry import Schedule, retry
from bot.store.coordination import Coordination

log = structlog.get_logger()

Interaction: TypeAlias = discord.Interaction[discord.Client]
P = ParamSpec("P")

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


def first_of(*handlers: Callable[P, Awaitable[bool]]) -> Callable[P, Awaitable[bool]]:
    """Ask one after the other who answers a button, or a modal."""

    async def answer(*args: P.args, **kwargs: P.kwargs) -> bool:
        for handler in handlers:
            if await handler(*args, **kwargs):
                return True
        return False

    return answer


class Tree(app_commands.CommandTree[discord.Client]):
    """The slash commands; asks the desk before each, and answers for what fails."""

    def __init__(self, client: discord.Client, desk: Coordination) -> None:
        super().__init__(client)
        self._desk = desk
        self.on_press: Callable[[Interaction, str], Awaitable[bool]] | None = None
        self.on_submit: Callable[[Interaction, str, dict[str, str]], Awaitable[bool]] | None = None
        client.event(self.on_interaction)

    async def register(self) -> None:
        """Register the slash commands if need be; without them the bot still chats, so no failure ends it.

        Not part of the start: after several starts in a row, Discord lets these calls wait for their rate limit.
        """
        try:
            await register(self, self._desk, self.client.application_id or 0)
        except Exception as error:  # noqa: BLE001 - whatever another server answers
            log.warning(
                "commands_not_registered",
                kind=type(error).__name__,
                hint="slash commands may be missing or old; it is tried again at the next start",
            )

    async def on_interaction(self, interaction: Interaction) -> None:
        """Answer buttons and modals by their custom id; commands go by the tree."""
        data: Mapping[str, Any] = interaction.data or {}
        custom_id = str(data.get("custom_id", ""))
        pressed = interaction.type is discord.InteractionType.component
        submitted = interaction.type is discord.InteractionType.modal_submit
        if not (pressed or submitted) or not custom_id.startswith("bobbin:"):
            return
        if not await take(self._desk, interaction):
            return
        try:
            if pressed and self.on_press is not None:
                await self.on_press(interaction, custom_id)
            elif submitted and self.on_submit is not None:
                await self.on_submit(interaction, custom_id, dict(_values(data.get("components", []))))
        except Exception as error:  # noqa: BLE001 - whatever it was, the person waits for an answer
            await explain(interaction, error)

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


def _values(components: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for component in components:
        if "value" in component:
            yield str(component["custom_id"]), str(component["value"])
        yield from _values(component.get("components", []))
        if "component" in component:
            yield from _values([component["component"]])
