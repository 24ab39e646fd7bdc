"""/reset: forgets a conversation, after a confirmation by button."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import discord
import structlog

from bot.commands import permission_rules
from bot.commands.audit_notes import note
from bot.commands.buttons import button, view_of
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say, update_message
from bot.commands.invocation import NOT_A_CONVERSATION, resolve_invocation
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.audit import Act
from bot.conversation.errors import DiscordError
from bot.gateway.conversion.snowflake import id_before
from bot.turns.reply_search import unfinished

log = structlog.get_logger()

RULE = permission_rules.CONVERSATION

RESET_ID = "bobbin:reset"
KEEP_ID = "bobbin:keep"
"""The prefixes of custom ids; an id follows, which has no meaning for the bot.

The bot forgets the conversation where the button was pressed, because a modified client can send any custom id."""

SWEEPS_S = (1.5, 5.0, 15.0)
"""When to look for late messages, in seconds after the reset: a cancelled call may still take effect on Discord,
until about its time-out."""

LONGEST_TURN_S = 15 * 60.0
"""No reply takes longer, so the unfinished parts of a stopped reply are younger than this."""

QUESTION = (
    "Shall I forget everything that was said in this conversation? The messages stay on Discord; "
    "I just no longer know them. This cannot be undone."
)
KEPT = "Nothing was forgotten."
MAY_NOT_RESET = RULE.refusal("reset it")


def forgotten(turns: int, *, ours: bool = True) -> str:
    """Say what a reset did; a thread that somebody else started (not `ours`) is left as well."""
    what = (
        f"Forgotten: {turns} {'turn' if turns == 1 else 'turns'}."
        if turns
        else "There was nothing to forget."
    )
    return f"{what} We start afresh." if ours else f"{what} Mention me when you want me here again."


class Reset:
    """Answers the command and the buttons of its question."""

    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._audit_log = services.audit_log
        self._dispatcher = services.dispatcher
        self._outbox = services.outbox
        self._clock = services.clock
        self._desk = services.approvals

    def add_to(self, tree: Tree) -> None:
        tree.command(name="reset", description="Make me forget this conversation")(self.ask)
        tree.add_button(rf"{RESET_ID}:[0-9]+", self.confirm)
        tree.add_button(rf"{KEEP_ID}:[0-9]+", self.keep)

    @in_servers_and_dms
    async def ask(self, interaction: Interaction) -> None:
        """Ask whether to forget."""
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        if invocation.conversation is None:
            await say(interaction, NOT_A_CONVERSATION)
        elif not RULE.allows(invocation.person):
            await say(interaction, MAY_NOT_RESET)
        else:
            reset_id = f"{RESET_ID}:{invocation.conversation}"
            buttons = view_of(
                button("Forget it all", reset_id, discord.ButtonStyle.danger),
                button("Keep it", f"{KEEP_ID}:0"),
            )
            await say(interaction, QUESTION, view=buttons)

    async def keep(self, interaction: Interaction) -> None:
        """Answer the button that keeps everything."""
        await interaction.response.edit_message(content=KEPT, view=None)

    async def confirm(self, interaction: Interaction) -> None:
        """Forget the conversation where the button was pressed."""
        await interaction.response.defer()
        invocation = await resolve_invocation(interaction, self._conversations)
        if invocation.conversation is None:
            await say(interaction, NOT_A_CONVERSATION)
            return
        if not RULE.allows(invocation.person):
            await say(interaction, MAY_NOT_RESET)
            return
        turns = await self._reset(invocation.conversation, before=interaction.id)
        await note(self._audit_log, invocation, Act.RESET, before=str(turns))
        thread, me = interaction.channel, interaction.client.user
        ours = not isinstance(thread, discord.Thread) or me is None or thread.owner_id == me.id
        await update_message(interaction, forgotten(turns, ours=ours))
        waited_s = 0.0
        for after_s in SWEEPS_S:
            await asyncio.sleep(after_s - waited_s)
            waited_s = after_s
            await self._delete_orphan_parts(invocation.conversation, before=interaction.id)

    async def _reset(self, conversation: int, *, before: int) -> int:
        await self._dispatcher.halt(conversation)
        # Before the reset too, in case the bot crashes after it: a look too many does no harm.
        await self._desk.look_soon(conversation)
        turns, half_written = await self._conversations.reset(conversation, before=before)
        await self._desk.look_soon(conversation)
        await self._delete(half_written)
        log.info("conversation_reset", conversation=conversation, turns=turns)
        self._dispatcher.wake(conversation)
        return turns

    async def _delete_orphan_parts(self, conversation: int, *, before: int) -> None:
        """Delete the unfinished parts of the stopped turn's reply, which no turn will complete."""
        since = id_before(LONGEST_TURN_S, self._clock.now_s())
        try:
            seen = await self._outbox.own_messages(conversation, since)
        except DiscordError as error:
            log.info("orphan_parts_unknown", conversation=conversation, kind=type(error).__name__)
            return
        await self._delete([(conversation, message) for message in unfinished(seen, before)])

    async def _delete(self, messages: Sequence[tuple[int, int]]) -> None:
        for channel_id, message in messages:
            try:
                await self._outbox.delete(channel_id, message)
            except DiscordError as error:
                log.info("orphan_part_not_deleted", conversation=channel_id, kind=type(error).__name__)
