"""/reset: what the bot remembers, forgotten; /leave: no answers until the next mention."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import discord
import structlog
from discord import app_commands

from bot.commands import answers
from bot.commands.access import may_reset
from bot.commands.command_contexts import everywhere
from bot.commands.interactions import Interaction, conclude, say
from bot.commands.invocation import resolve_invocation
from bot.conversation.clock import Clock
from bot.conversation.errors import DiscordError
from bot.gateway.catchup.listing import id_before
from bot.render.outbox import Outbox
from bot.store.conversations import Conversations
from bot.turns.dispatch import Dispatcher
from bot.turns.reply_search import unfinished

log = structlog.get_logger()

RESET_ID = "bobbin:reset"
KEEP_ID = "bobbin:keep"
"""The beginnings of custom ids; the conversation stands behind them, for whoever reads a log of Discord's. What is
forgotten is the conversation where the button was pressed: a modified client sends whatever custom id it likes."""

ARRIVED_S = (1.5, 5.0, 15.0)
"""A call to Discord that was cancelled here may still take effect there, at most as late as it would be given up."""

LONGEST_TURN_S = 15 * 60.0
"""No reply takes longer; so much of a thread is looked through for one that was stopped."""


class Forgetting:
    """Answers the command and the buttons of its question."""

    def __init__(
        self, conversations: Conversations, dispatcher: Dispatcher, outbox: Outbox, clock: Clock
    ) -> None:
        self._clock = clock
        self._conversations = conversations
        self._dispatcher = dispatcher
        self._outbox = outbox

    def add_to(self, tree: app_commands.CommandTree[discord.Client]) -> None:
        """Register the command."""

        @tree.command(name="reset", description="Make me forget this conversation")
        @everywhere
        async def reset(interaction: Interaction) -> None:
            await self._ask_to_reset(interaction)

        @tree.command(name="leave", description="Make me answer nothing here until I am mentioned again")
        @everywhere
        async def leave(interaction: Interaction) -> None:
            await self._leave(interaction)

    async def pressed(self, interaction: Interaction, custom_id: str) -> bool:
        """Answer a button; False if it is none of these."""
        kind = custom_id.rpartition(":")[0]
        if kind == KEEP_ID:
            await interaction.response.edit_message(content=answers.KEPT, view=None)
            return True
        if kind != RESET_ID:
            return False
        await interaction.response.defer()
        scene = await resolve_invocation(interaction, self._conversations)
        if not may_reset(scene.person):
            await say(interaction, answers.MAY_NOT_RESET)
            return True
        if scene.conversation is None:
            await say(interaction, answers.NOT_A_CONVERSATION)
            return True
        turns = await self._reset(scene.conversation, before=interaction.id)
        thread, me = interaction.channel, interaction.client.user
        ours = not isinstance(thread, discord.Thread) or me is None or thread.owner_id == me.id
        await conclude(interaction, answers.forgotten(turns, ours=ours))
        waited_s = 0.0
        for after_s in ARRIVED_S:
            await asyncio.sleep(after_s - waited_s)
            waited_s = after_s
            await self._clear_away(scene.conversation, before=interaction.id)
        return True

    async def _ask_to_reset(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        scene = await resolve_invocation(interaction, self._conversations)
        if scene.conversation is None:
            await say(interaction, answers.NOT_A_CONVERSATION)
        elif not may_reset(scene.person):
            await say(interaction, answers.MAY_NOT_RESET)
        else:
            view = discord.ui.View(timeout=None)
            forget = discord.ui.Button[discord.ui.View](
                style=discord.ButtonStyle.danger,
                label="Forget it all",
                custom_id=f"{RESET_ID}:{scene.conversation}",
            )
            keep = discord.ui.Button[discord.ui.View](label="Keep it", custom_id=f"{KEEP_ID}:0")
            view.add_item(forget)
            view.add_item(keep)
            await say(interaction, answers.RESET_QUESTION, view=view)

    async def _leave(self, interaction: Interaction) -> None:
        """Stop answering here; what is being written is finished, and what is known stays known."""
        await interaction.response.defer(ephemeral=True)
        scene = await resolve_invocation(interaction, self._conversations)
        if scene.person.is_direct:
            await say(interaction, answers.NOT_FROM_HERE)
        elif scene.conversation is None:
            await say(interaction, answers.NOT_A_CONVERSATION)
        elif not may_reset(scene.person):
            await say(interaction, answers.MAY_NOT_LEAVE)
        else:
            await self._conversations.leave(scene.conversation, interaction.id)
            log.info("conversation_left", conversation=scene.conversation)
            await say(interaction, answers.LEFT)

    async def _reset(self, conversation: int, *, before: int) -> int:
        await self._dispatcher.halt(conversation)
        turns, half_written = await self._conversations.reset(conversation, before=before)
        await self._delete(half_written)
        log.info("conversation_reset", conversation=conversation, turns=turns)
        self._dispatcher.wake(conversation)
        return turns

    async def _clear_away(self, conversation: int, *, before: int) -> None:
        """Delete what a stopped turn has left unfinished: nobody will go on with it."""
        since = id_before(LONGEST_TURN_S, self._clock.now_s())
        try:
            seen = await self._outbox.own_messages(conversation, since)
        except DiscordError as error:
            log.info("leftovers_unknown", conversation=conversation, kind=type(error).__name__)
            return
        await self._delete([(conversation, message) for message in unfinished(seen, before)])

    async def _delete(self, messages: Sequence[tuple[int, int]]) -> None:
        for place, message in messages:
            try:
                await self._outbox.delete(place, message)
            except DiscordError as error:
                log.info("leftover_not_deleted", conversation=place, kind=type(error).__name__)
