"""The command tree of the bot, which also routes buttons and modals by their custom ids."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import discord
import structlog
from discord import app_commands

from bot.commands.buttons import dynamic_button, shows
from bot.commands.failures import explain
from bot.commands.interactions import Interaction, take, take_for_autocomplete
from bot.commands.registration import RegistrationState, register, state_of
from bot.store.coordination import Coordination

log = structlog.get_logger()

Handler = Callable[..., Awaitable[None]]
"""Called with the interaction, and with the named groups of the matched template as keyword arguments."""

Routes = list[tuple[re.Pattern[str], Handler]]


class Tree(app_commands.CommandTree[discord.Client]):
    """Answers each interaction once, by the instance that takes it."""

    def __init__(self, client: discord.Client, coordination: Coordination) -> None:
        super().__init__(client)
        self._coordination = coordination
        self._buttons: Routes = []
        self._modals: Routes = []
        client.event(self.on_interaction)

    def add_button(self, template: str, pressed: Handler) -> None:
        """Answer all buttons and select menus whose custom id matches a template, also those of before a restart."""

        async def answer(interaction: Interaction, match: re.Match[str]) -> None:
            await self._answer(interaction, partial(pressed, interaction, **match.groupdict()))

        self.client.add_dynamic_items(dynamic_button(template, answer))
        self._buttons.append((re.compile(template), pressed))

    def add_modal(self, template: str, submitted: Handler) -> None:
        """Answer all modals whose custom id matches a template; the handler's `values` are the texts by field."""
        self._modals.append((re.compile(template), submitted))

    def described(self) -> dict[str, str]:
        """Return the descriptions of the slash commands, by name."""
        commands = self.get_commands(type=discord.AppCommandType.chat_input)
        return {command.name: command.description for command in commands}

    async def register_now(self) -> None:
        """Register the commands if they differ; raises what `registration.register` raises."""
        await register(self, self._coordination, self.client.application_id or 0, at_once=True)

    async def register(self) -> None:
        """Register the commands if they differ; a failure is logged only, because the bot chats without commands.

        Not part of the start: after several starts in a row, Discord lets these calls wait for their rate limit.
        """
        try:
            await register(self, self._coordination, self.client.application_id or 0)
        except Exception as error:  # noqa: BLE001 - whatever another server answers
            log.warning(
                "commands_not_registered",
                kind=type(error).__name__,
                hint="slash commands may be missing or old; it is tried again at the next start",
            )

    async def registration(self) -> RegistrationState:
        """Compare the commands with those at Discord; raises what `state_of` raises."""
        return await state_of(self, self._coordination, self.client.application_id or 0)

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether this instance runs a command."""
        if interaction.type is discord.InteractionType.autocomplete:
            return await take_for_autocomplete(self._coordination, interaction)
        return await take(self._coordination, interaction)

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Answer the person whose command failed."""
        await explain(interaction, error.__cause__ or error)

    async def on_interaction(self, interaction: Interaction) -> None:
        """Answer what discord.py does not: modals, and buttons that are not among the components of their message.

        discord.py keeps an open modal in the process that sent it, so one that is submitted after a restart, or taken
        by another instance, would stay unanswered; there is no DynamicItem for modals. A DynamicItem is found only
        among the message's components, which servers other than Discord's may leave out.
        """
        data: Mapping[str, Any] = interaction.data or {}
        custom_id = str(data.get("custom_id", ""))
        kind = interaction.type
        if kind is discord.InteractionType.modal_submit:
            values = dict(_values(data.get("components", ())))
            await self._route(self._modals, interaction, custom_id, values=values)
        elif kind is discord.InteractionType.component and not shows(interaction.message, custom_id):
            await self._route(self._buttons, interaction, custom_id)

    async def _route(self, routes: Routes, interaction: Interaction, custom_id: str, **more: Any) -> None:
        for template, handler in routes:
            if match := template.fullmatch(custom_id):
                await self._answer(interaction, partial(handler, interaction, **more, **match.groupdict()))

    async def _answer(self, interaction: Interaction, handler: Callable[[], Awaitable[None]]) -> None:
        """Run the handler of a button or a modal, if this instance takes the interaction."""
        if not await take(self._coordination, interaction):
            return
        try:
            await handler()
        except Exception as error:  # noqa: BLE001 - the person waits for an answer, whatever the error
            await explain(interaction, error)


def _values(components: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for component in components:
        if "value" in component:
            yield str(component["custom_id"]), str(component["value"])
        yield from _values(component.get("components", ()))
        if "component" in component:
            yield from _values([component["component"]])
