"""/context: what Claude sees of a conversation."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.conversation import wording
from bot.conversation.compose import Past
from bot.conversation.context import view
from bot.conversation.errors import Unreadable
from bot.conversation.model import Choice
from bot.gateway import answers, context_answers
from bot.gateway.interactions import say
from bot.gateway.scene import look_around
from bot.store.claim import Meta
from bot.store.conversations import Conversations
from bot.store.prompts import Prompts
from bot.turns.policy import TurnPolicy
from bot.turns.terms import terms_of

if TYPE_CHECKING:
    Interaction = discord.Interaction[discord.Client]


class Context:
    """Answers the command; `choose` makes the policy of a turn from what was chosen for its place."""

    def __init__(
        self,
        conversations: Conversations,
        prompts: Prompts,
        choose: Callable[[Choice], TurnPolicy],
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._conversations = conversations
        self._prompts = prompts
        self._choose = choose
        self._now_s = now_s

    def add_to(self, tree: app_commands.CommandTree[discord.Client]) -> None:
        """Register the command."""

        @tree.command(
            name="context", description="Show what Claude sees of this conversation, and what it cost"
        )
        @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
        @app_commands.allowed_installs(guilds=True, users=False)
        async def context(interaction: Interaction) -> None:
            await self._show(interaction)

    async def _show(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        scene = await look_around(interaction, self._conversations)
        try:
            found = None if scene.conversation is None else await self._conversations.past(scene.conversation)
        except Unreadable:
            await say(interaction, wording.UNREADABLE)
            return
        if scene.conversation is None or found is None:
            await say(interaction, answers.NOT_A_CONVERSATION)
            return
        meta, history = found
        choice = await self._prompts.effective(
            thread=scene.conversation, channel=scene.channel, server=scene.server
        )
        past = Past(history, meta.cut, meta.pins, meta.corrected)
        seen = view(terms_of(self._choose(choice)), past, round(self._now_s() * 1000))
        link = None if seen.first is None else _link(scene.conversation, meta, seen.first)
        text = context_answers.shown(seen, link=link, cost_micro_usd=meta.cost, unpriced=meta.unpriced)
        await say(interaction, text)


def _link(conversation: int, meta: Meta, message: int) -> str:
    # The message that a thread was started from stands outside of it, under the same id.
    place = meta.parent if message == conversation and meta.parent is not None else conversation
    return f"https://discord.com/channels/{meta.guild or '@me'}/{place}/{message}"
