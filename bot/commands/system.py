"""/system: the system prompt of a thread, a channel or a server."""

from __future__ import annotations

from collections.abc import Mapping

import discord
import structlog
from discord import app_commands

from bot.commands import code_block, permission_rules
from bot.commands.admission import Admission
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, lookup_deadline, say
from bot.commands.invocation import resolve_invocation
from bot.commands.modal import TextModal
from bot.commands.presets import Presets
from bot.commands.prompt_history import PromptHistory
from bot.commands.scopes import (
    ONLY_IN_SERVERS,
    SCOPE_HELP,
    Refusals,
    ScopeOption,
    for_scope,
    scope_name,
    where_chosen,
)
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.model import Choice, narrowest
from bot.conversation.scope import SYSTEM, Scope
from bot.conversation.visible import is_blank

log = structlog.get_logger()

PROMPT_ID = "bobbin:system"
"""The prefix of the modal's custom id; the scope follows.

The custom id does not name the channel: a modified client can send any custom id, so the prompt is set for the place
of the interaction."""

PROMPT_FIELD = "prompt"

INLINE_CHARS = 1500
"""A longer prompt is attached as a file."""

MAY_NOT_SET = {
    Scope.THREAD: permission_rules.BY_SCOPE[Scope.THREAD].refusal("change its prompt"),
    Scope.CHANNEL: permission_rules.BY_SCOPE[Scope.CHANNEL].refusal("change the prompt of a channel"),
    Scope.SERVER: permission_rules.BY_SCOPE[Scope.SERVER].refusal("change the prompt of a server"),
}
SET_HELP = "It applies from the next reply on. {server}, {channel} and {thread} become their names."
EMPTY_PROMPT = "The prompt was empty, so nothing was changed. To remove a prompt, use /system clear."

REFUSALS = Refusals(ONLY_IN_SERVERS, MAY_NOT_SET)


def prompt_set(scope: Scope, *, is_direct: bool = False) -> str:
    return (
        f"The prompt of {scope_name(scope, is_direct=is_direct)} is set. It applies from the next reply on."
    )


def prompt_cleared(scope: Scope, *, was_set: bool, is_direct: bool = False) -> str:
    """Say that a prompt was removed."""
    where = scope_name(scope, is_direct=is_direct)
    if not was_set:
        return f"There is no prompt set for {where}."
    return f"The prompt of {where} is removed. /system show tells which one applies from the next reply on."


def prompt_shown(
    by_scope: Mapping[Scope, Choice], default: str, *, is_direct: bool = False
) -> tuple[str, list[discord.File]]:
    """Show the prompt in force and where it was set; `by_scope` is in the order narrowest first."""
    prompt = narrowest([*by_scope.values(), Choice(system=default)]).system or ""
    heading = f"The prompt in force here ({where_chosen(by_scope, 'system', is_direct=is_direct)})"
    return code_block.shown(heading, prompt, "system-prompt.txt", most_chars=INLINE_CHARS)


@in_servers_and_dms
class System(app_commands.Group, name="system", description="How I am to behave here: the system prompt"):
    """Answers the commands and the modal."""

    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._admission = Admission(services)
        self._default = services.default.system or ""
        self._history = PromptHistory(services, REFUSALS)
        self._presets = Presets(services, REFUSALS)
        self.add_command(self._presets)

    def add_to(self, tree: Tree) -> None:
        tree.add_command(self)
        self._history.add_to(tree)
        self._presets.add_to(tree)
        tree.add_modal(rf"{PROMPT_ID}:(?P<scope>{'|'.join(Scope)})", self.submitted)

    @app_commands.command(name="show", description="Show the prompt that applies here")
    async def show(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        by_scope = await self._scope_settings.choices(
            thread=invocation.conversation, channel=invocation.channel, server=invocation.server
        )
        text, files = prompt_shown(by_scope, self._default, is_direct=invocation.is_direct)
        await say(interaction, text, files=files)

    @app_commands.command(name="set", description="Set the prompt of a conversation, channel or server")
    @app_commands.describe(scope=SCOPE_HELP)
    async def set_(self, interaction: Interaction, scope: ScopeOption | None = None) -> None:
        """Open the modal with the prompt of the scope."""
        async with lookup_deadline():
            invocation = await resolve_invocation(interaction, self._conversations)
            target = await self._admission.scope_target(interaction, invocation, scope, REFUSALS)
            by_scope = await self._scope_settings.choices(
                thread=invocation.conversation, channel=invocation.channel, server=invocation.server
            )
        if isinstance(target, str):
            await say(interaction, target)
            return
        await interaction.response.send_modal(
            TextModal(
                title=f"System prompt of {scope_name(target.scope, is_direct=invocation.is_direct)}",
                custom_id=f"{PROMPT_ID}:{target.scope.value}",
                field=PROMPT_FIELD,
                label="How Claude is to behave",
                description=SET_HELP,
                text=by_scope[target.scope].system or "",
            )
        )

    @app_commands.command(name="history", description="Show who set which prompt, and go back to one")
    @app_commands.describe(scope=SCOPE_HELP)
    async def history(self, interaction: Interaction, scope: ScopeOption | None = None) -> None:
        await self._history.show(interaction, scope)

    async def submitted(self, interaction: Interaction, *, values: Mapping[str, str], scope: str) -> None:
        """Set the prompt of the modal."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        target = await self._admission.scope_target(interaction, invocation, Scope(scope), REFUSALS)
        prompt = values.get(PROMPT_FIELD, "").strip()
        if isinstance(target, str):
            await say(interaction, target)
        elif is_blank(prompt):
            await say(interaction, EMPTY_PROMPT)
        else:
            prompt = for_scope(interaction, target.scope, prompt)
            await self._scope_settings.change(invocation.actor, target.scope, target.target, {SYSTEM: prompt})
            log.info("prompt_set", scope=target.scope.value, target=target.target, chars=len(prompt))
            await say(interaction, prompt_set(target.scope, is_direct=invocation.is_direct))

    @app_commands.command(name="clear", description="Remove the prompt of a conversation, channel or server")
    @app_commands.describe(scope=SCOPE_HELP)
    async def clear(self, interaction: Interaction, scope: ScopeOption | None = None) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        target = await self._admission.scope_target(interaction, invocation, scope, REFUSALS)
        if isinstance(target, str):
            await say(interaction, target)
            return
        removed = await self._scope_settings.change(
            invocation.actor, target.scope, target.target, {SYSTEM: None}
        )
        log.info("prompt_cleared", scope=target.scope.value, target=target.target)
        text = prompt_cleared(target.scope, was_set=bool(removed), is_direct=invocation.is_direct)
        await say(interaction, text)
