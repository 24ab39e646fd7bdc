"""/about: what the bot keeps about people, where and how long, what it sends to others, and which model answers."""

from __future__ import annotations

import discord
import structlog

from bot.commands.buttons import button, view_of
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say, update_message
from bot.commands.invocation import resolve_invocation
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation import consent
from bot.conversation.about import about
from bot.conversation.message import created_ms
from bot.conversation.model import narrowest
from bot.conversation.privacy import retention_days
from bot.conversation.scope import Scope, choice_of
from bot.gateway.conversion import buttons
from bot.render.controls import Button
from bot.version import version

log = structlog.get_logger()

CONSENT = rf"bobbin:{Button.CONSENT.value}:[0-9]+"
AGREE = rf"bobbin:{Button.AGREE.value}:[0-9]+"
WITHDRAW_ID = "bobbin:withdraw-consent"
"""The custom ids name no person: a button applies to the person who presses it."""


def agree_button() -> discord.ui.Button[discord.ui.View]:
    """Return the button with which a person gives consent."""
    return button("I agree", buttons.custom_id(Button.AGREE, 0), discord.ButtonStyle.primary)


class About:
    """Answers the command and the buttons for consent."""

    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._default = services.default
        self._ceiling = services.retention_ceiling
        self._facts = services.about
        self._tools = services.tools
        self._consents = services.consents
        self._held = services.held_messages

    def add_to(self, tree: Tree) -> None:
        @tree.command(
            name="about", description="What I keep about you, for how long, and which model answers here"
        )
        @in_servers_and_dms
        async def about_(interaction: Interaction) -> None:
            await interaction.response.defer(ephemeral=True)
            text = await self._text(interaction)
            if self._consents is None:
                await say(interaction, text)
                return
            agreed_ms = await self._consents.agreed_ms(interaction.user.id)
            shown = button("Withdraw my consent", WITHDRAW_ID) if agreed_ms else agree_button()
            await say(interaction, f"{text}\n{consent.standing(agreed_ms)}", view=view_of(shown))

        tree.add_button(CONSENT, self.ask)
        tree.add_button(AGREE, self.agree)
        tree.add_button(WITHDRAW_ID, self.withdraw)

    async def ask(self, interaction: Interaction) -> None:
        """Answer the button below a person's first message in a server: ask the person who pressed it, privately."""
        text = consent.question(self._ceiling, self._facts.privacy_url)
        await say(interaction, text, view=view_of(agree_button()))

    async def agree(self, interaction: Interaction) -> None:
        """Store the consent, and accept the messages that waited for it."""
        if self._held is None:
            await interaction.response.edit_message(content=consent.AGREED, view=None)
            return
        await interaction.response.defer()
        person = interaction.user.id
        await self._held.agree(person, created_ms(interaction.id))
        log.info("consent_given")
        # The button goes once the consent is stored: after a crash before that the person can press it again.
        try:
            await update_message(interaction, consent.AGREED)
        finally:
            await self._held.accept(person)

    async def withdraw(self, interaction: Interaction) -> None:
        """Remove the consent."""
        await interaction.response.defer()
        if self._consents is not None:
            await self._consents.withdraw(interaction.user.id)
            log.info("consent_withdrawn")
        await update_message(interaction, consent.WITHDRAWN)

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
            tools=[tool.name for tool in await self._tools.offered(invocation.tool_place, by_scope)],
        )
