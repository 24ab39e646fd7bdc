"""/about: what the bot keeps of people, where and for how long, what it sends on, and what answers."""

from __future__ import annotations

from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import resolve_invocation
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.about import about
from bot.conversation.model import narrowest
from bot.conversation.privacy import retention_days
from bot.conversation.scope import Scope, choice_of
from bot.version import version


class About:
    """Answers the command."""

    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._default = services.default
        self._ceiling = services.retention_ceiling
        self._facts = services.about

    def add_to(self, tree: Tree) -> None:
        """Add the command."""

        @tree.command(name="about", description="What I keep of you and for how long, and what answers here")
        @in_servers_and_dms
        async def about_(interaction: Interaction) -> None:
            await interaction.response.defer(ephemeral=True)
            await say(interaction, await self._text(interaction))

    async def _text(self, interaction: Interaction) -> str:
        invocation = await resolve_invocation(interaction, self._conversations)
        by_scope = await self._scope_settings.by_scope(
            thread=invocation.conversation, channel=invocation.channel, server=invocation.server
        )
        choice = narrowest([*map(choice_of, by_scope.values()), self._default])
        days = retention_days(by_scope.get(Scope.SERVER, {}), self._ceiling)
        return about(
            self._facts,
            model=choice.model or "",
            retention_days=days,
            servers_own=days < self._ceiling,
            version=version(),
        )
