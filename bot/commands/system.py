"""/system: how the bot is to behave, in a thread, a channel or a server."""

from __future__ import annotations

import discord
import structlog
from discord import app_commands

from bot.commands import answers
from bot.commands.command_contexts import everywhere
from bot.commands.interactions import Interaction, in_time, say
from bot.commands.invocation import SCOPE_HELP, Refusals, ScopeOption, ScopeTarget, resolve_invocation
from bot.commands.modal import ask
from bot.conversation.visible import is_blank
from bot.store.conversations import Conversations
from bot.store.scoped_overrides import Scope, ScopedOverrides

log = structlog.get_logger()

PROMPT_ID = "bobbin:system"
"""The beginning of the custom id of the modal; the scope stands behind it.

Not the place: the person's own client sends the id back, so where the prompt counts is told by where it was sent."""

PROMPT_FIELD = "prompt"

REFUSALS = Refusals(answers.ONLY_IN_SERVERS, answers.MAY_NOT_SET)


class SystemPrompts:
    """Answers the commands, and the modal in which a prompt is written; `default` counts where none is set."""

    def __init__(self, conversations: Conversations, prompts: ScopedOverrides, *, default: str) -> None:
        self._conversations = conversations
        self._prompts = prompts
        self._default = default

    def add_to(self, tree: app_commands.CommandTree[discord.Client]) -> None:
        """Register the commands."""
        system = everywhere(
            app_commands.Group(name="system", description="How I am to behave here: the system prompt")
        )

        @system.command(name="show", description="Show the prompt that counts here")
        async def show(interaction: Interaction) -> None:
            await self._show(interaction)

        @system.command(name="set", description="Set the prompt of this thread, channel or server")
        @app_commands.describe(scope=SCOPE_HELP)
        async def set_(interaction: Interaction, scope: ScopeOption | None = None) -> None:
            await self._ask_for_prompt(interaction, scope)

        @system.command(name="clear", description="Remove the prompt of this thread, channel or server")
        @app_commands.describe(scope=SCOPE_HELP)
        async def clear(interaction: Interaction, scope: ScopeOption | None = None) -> None:
            await self._clear(interaction, scope)

        tree.add_command(system)

    async def submitted(self, interaction: Interaction, custom_id: str, values: dict[str, str]) -> bool:
        """Answer a modal; False if it is another one."""
        kind, _, scope = custom_id.rpartition(":")
        if kind != PROMPT_ID:
            return False
        await interaction.response.defer(ephemeral=True, thinking=True)
        scene = await resolve_invocation(interaction, self._conversations)
        spot = scene.spot(Scope(scope), REFUSALS)
        prompt = values.get(PROMPT_FIELD, "").strip()
        if isinstance(spot, str):
            await say(interaction, spot)
        elif is_blank(prompt):
            await say(interaction, answers.EMPTY_PROMPT)
        else:
            await self._prompts.set(spot.scope, spot.target, prompt)
            log.info("prompt_set", scope=spot.scope.value, target=spot.target, chars=len(prompt))
            await say(interaction, answers.prompt_set(spot.scope))
        return True

    async def _show(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        scene = await resolve_invocation(interaction, self._conversations)
        by_scope = await self._prompts.by_scope(
            thread=scene.conversation, channel=scene.channel, server=scene.server
        )
        text, files = answers.prompt_shown(by_scope, self._default)
        await say(interaction, text, files=files)

    async def _ask_for_prompt(self, interaction: Interaction, chosen: Scope | None) -> None:
        # Discord takes a modal only as the first answer, so this one cannot be put off.
        async with in_time():
            scene = await resolve_invocation(interaction, self._conversations)
            spot = scene.spot(chosen, REFUSALS)
            present = (
                await self._prompts.get(spot.scope, spot.target) if isinstance(spot, ScopeTarget) else None
            )
        if isinstance(spot, str):
            await say(interaction, spot)
            return
        await ask(
            interaction,
            title=f"System prompt of this {spot.scope.value}",
            custom_id=f"{PROMPT_ID}:{spot.scope.value}",
            field=PROMPT_FIELD,
            label="How Claude is to behave",
            description="It counts from the next reply on.",
            text=present or "",
        )

    async def _clear(self, interaction: Interaction, chosen: Scope | None) -> None:
        await interaction.response.defer(ephemeral=True)
        scene = await resolve_invocation(interaction, self._conversations)
        spot = scene.spot(chosen, REFUSALS)
        if isinstance(spot, str):
            await say(interaction, spot)
            return
        was_set = await self._prompts.clear(spot.scope, spot.target)
        log.info("prompt_cleared", scope=spot.scope.value, target=spot.target)
        await say(interaction, answers.prompt_cleared(spot.scope, was_set=was_set))
