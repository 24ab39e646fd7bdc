"""/privacy: how long a server's conversations are kept."""

from __future__ import annotations

import structlog
from discord import app_commands

from bot.commands import permission_rules
from bot.commands.command_contexts import in_servers_only
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import resolve_invocation
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.privacy import RETENTION_DAYS, retention_days
from bot.conversation.scope import Scope

log = structlog.get_logger()

RULE = permission_rules.SERVER

MAY_NOT_SET = RULE.refusal("change how long conversations are kept")


def shown(days: int, ceiling: int) -> str:
    """Say how long conversations are kept; both numbers are days, `ceiling` is the operator's."""
    where = "set for this server" if days < ceiling else "the default of this bot"
    return (
        f"A conversation of this server is deleted {_days(days)} after its last message ({where}; whoever runs me "
        f"allows up to {_days(ceiling)}). What is deleted on Discord I delete as well. `/my data` shows what I keep "
        "about you, `/forget me` removes it."
    )


def changed(days: int, ceiling: int) -> str:
    text = f"From now on I delete a conversation of this server {_days(days)} after its last message."
    if days < ceiling:
        text += " Conversations that have been quiet for longer are deleted within an hour."
    return text


def too_long(ceiling: int) -> str:
    """Refuse a number of days that the operator does not allow."""
    return f"Whoever runs me keeps conversations for {_days(ceiling)} at most. Choose a number from 1 to {ceiling}."


@in_servers_only
class Privacy(app_commands.Group, name="privacy", description="How long I keep what is said in this server"):
    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._ceiling = services.retention_ceiling

    def add_to(self, tree: Tree) -> None:
        tree.add_command(self)

    @app_commands.command(name="show", description="Show how long conversations of this server are kept")
    async def show(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        server = interaction.guild_id or 0
        by_scope = await self._scope_settings.by_scope(thread=None, channel=None, server=server)
        await say(interaction, shown(retention_days(by_scope[Scope.SERVER], self._ceiling), self._ceiling))

    @app_commands.command(name="set", description="Choose how long conversations of this server are kept")
    @app_commands.describe(retention_days="Days after the last message of a conversation")
    async def set_(self, interaction: Interaction, retention_days: app_commands.Range[int, 1, 3650]) -> None:
        """Set the number of days; the operator's own number removes the setting."""
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        if not RULE.allows(invocation.person):
            await say(interaction, MAY_NOT_SET)
            return
        if retention_days > self._ceiling:
            await say(interaction, too_long(self._ceiling))
            return
        value = str(retention_days) if retention_days < self._ceiling else None
        await self._scope_settings.change(
            invocation.actor, Scope.SERVER, invocation.server or 0, {RETENTION_DAYS: value}
        )
        log.info("retention_set", server=invocation.server, days=retention_days)
        await say(interaction, changed(retention_days, self._ceiling))


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
