"""/answer: which messages of a thread, a channel or a server the bot answers."""

from __future__ import annotations

from typing import Literal

import discord
import structlog
from discord import app_commands

from bot.commands.admission import Admission
from bot.commands.answer_view import (
    ALWAYS,
    EACH_POST,
    NO_EFFECT,
    REFUSALS,
    chosen,
    cleared,
    in_vain,
    overruled,
    shown,
    without_effect,
)
from bot.commands.command_contexts import in_servers_only
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import Invocation, resolve_invocation
from bot.commands.scopes import CHANNEL_HELP, SCOPE_HELP, ChannelOption, ScopeOption
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.answer_mode import ANSWER, AnswerMode, mode_in_force
from bot.conversation.scope import Scope
from bot.gateway import permissions
from bot.store.settings_cache import ByScope

log = structlog.get_logger()

Mode = Literal["mention", "always", "never", "quiet"]
"""The choices of the option; a test compares them with AnswerMode."""

MODE_HELP = "mention: as usual · always: each message · never: nothing · quiet: mentions only, in threads too"


@in_servers_only
class Answer(app_commands.Group, name="answer", description="Which messages I answer here"):
    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._admission = Admission(services)
        self._policy = services.intake_policy

    def add_to(self, tree: Tree) -> None:
        tree.add_command(self)

    @app_commands.command(
        name="show", description="Show which messages are answered here, and where that was set"
    )
    @app_commands.describe(channel=CHANNEL_HELP)
    async def show(self, interaction: Interaction, channel: ChannelOption | None = None) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = (await resolve_invocation(interaction, self._conversations)).at(channel)
        in_force = mode_in_force(await self._by_scope(invocation))
        said = shown(
            in_force,
            self._policy(),
            names_person=invocation.person.manages_server,
            elsewhere=invocation.elsewhere,
            kind=_kind_of(channel or interaction.channel),
        )
        await say(interaction, said)

    @app_commands.command(
        name="set", description="Choose which messages are answered in a thread, channel or server"
    )
    @app_commands.describe(mode=MODE_HELP, scope=SCOPE_HELP, channel=CHANNEL_HELP)
    async def set_(
        self,
        interaction: Interaction,
        mode: Mode,
        scope: ScopeOption | None = None,
        channel: ChannelOption | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = (await resolve_invocation(interaction, self._conversations)).at(channel)
        target = await self._admission.scope_target(interaction, invocation, scope, REFUSALS)
        if isinstance(target, str):
            await say(interaction, target)
            return
        if target.scope is Scope.THREAD:
            found = mode_in_force(await self._by_scope(invocation))
            if (
                found is not None
                and found.mode is AnswerMode.NEVER
                and found.origin.scope is not Scope.THREAD
            ):
                await say(interaction, overruled(found.origin.scope))
                return
        target_channel = None
        if target.scope is Scope.CHANNEL:
            known = interaction.client.get_channel(target.target)
            target_channel = known if known is not None else channel or interaction.channel
        kind = _kind_of(target_channel)
        if mode == "always" and kind is not None and (effect := ALWAYS.get(kind)) in NO_EFFECT:
            await say(interaction, without_effect(effect or ""))
            return
        await self._scope_settings.change(invocation.actor, target.scope, target.target, {ANSWER: mode})
        log.info("answer_mode_set", scope=target.scope.value, target=target.target, mode=mode)
        said = chosen(AnswerMode(mode), target.scope, self._policy(), invocation.elsewhere, kind)
        lacking = None
        if mode == "always" and target_channel is not None:
            of_posts = ALWAYS.get(kind or discord.ChannelType.text) == EACH_POST
            needed = permissions.TO_ANSWER_POSTS if of_posts else permissions.TO_OPEN_AND_ANSWER
            lacking = permissions.bot_lacks(target_channel, needed)
        await say(interaction, said if lacking is None else f"{said} {in_vain(lacking)}")

    @app_commands.command(name="clear", description="Remove the choice for a thread, channel or server")
    @app_commands.describe(scope=SCOPE_HELP, channel=CHANNEL_HELP)
    async def clear(
        self,
        interaction: Interaction,
        scope: ScopeOption | None = None,
        channel: ChannelOption | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = (await resolve_invocation(interaction, self._conversations)).at(channel)
        target = await self._admission.scope_target(interaction, invocation, scope, REFUSALS)
        if isinstance(target, str):
            await say(interaction, target)
            return
        removed = await self._scope_settings.change(
            invocation.actor, target.scope, target.target, {ANSWER: None}
        )
        log.info("answer_mode_cleared", scope=target.scope.value, target=target.target)
        await say(interaction, cleared(target.scope, was_set=bool(removed), elsewhere=invocation.elsewhere))

    async def _by_scope(self, invocation: Invocation) -> ByScope:
        return await self._scope_settings.by_scope(
            thread=invocation.conversation, channel=invocation.channel, server=invocation.server
        )


def _kind_of(channel: object) -> discord.ChannelType | None:
    """Return the type of a channel, None if discord.py does not know the type."""
    kind = getattr(channel, "type", None)
    return kind if isinstance(kind, discord.ChannelType) else None
