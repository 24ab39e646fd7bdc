"""Stop, Regenerate (or Try again) and Continue: as buttons, as commands, and in the menu of a message."""

from __future__ import annotations

import discord
import structlog
from discord import app_commands

from bot.commands import answers
from bot.commands.access import may_control
from bot.commands.command_contexts import everywhere
from bot.commands.interactions import Interaction, conclude, say
from bot.commands.invocation import Invocation, resolve_invocation
from bot.gateway.conversion import buttons
from bot.gateway.events.wait_until_done import when_finished
from bot.render.controls import Button, when_done
from bot.store.claim import State
from bot.store.conversations import Conversations
from bot.store.revisions import RegenerateResult, Revisions, Standing
from bot.store.wakeups import Wakeups
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()

_SAID = {Button.STOP: answers.STOPPING, Button.REGENERATE: answers.ANEW, Button.CONTINUE: answers.GOING_ON}
"""What a command answers where it went well; after a click, the reply itself shows it."""

_DEAD = (answers.NOT_THE_LAST, answers.NOTHING_TO_STOP, answers.DELETED)
"""Whoever presses that button once more hears the same."""

_REFUSED = {
    RegenerateResult.BUSY: answers.BUSY,
    RegenerateResult.OLD: answers.NOT_THE_LAST,
    RegenerateResult.GONE: answers.DELETED,
}


class ReplyControls:
    """Answers the clicks and the commands; what they wish for is done by whoever works on the conversation."""

    def __init__(
        self, conversations: Conversations, revisions: Revisions, dispatcher: Dispatcher, bell: Wakeups
    ) -> None:
        self._conversations = conversations
        self._revisions = revisions
        self._dispatcher = dispatcher
        self._bell = bell

    def add_to(self, tree: app_commands.CommandTree[discord.Client]) -> None:
        """Register the commands."""

        @tree.command(name="stop", description="Stop the reply that is being written; what is there stays")
        @everywhere
        async def stop(interaction: Interaction) -> None:
            await self._command(interaction, Button.STOP)

        @tree.command(name="retry", description="Have the latest reply written anew")
        @everywhere
        async def retry(interaction: Interaction) -> None:
            await self._command(interaction, Button.REGENERATE)

        @tree.command(name="continue", description="Go on with a reply that reached its length limit")
        @everywhere
        async def continue_(interaction: Interaction) -> None:
            await self._command(interaction, Button.CONTINUE)

        @tree.context_menu(name="Regenerate")
        @everywhere
        async def regenerate(interaction: Interaction, message: discord.Message) -> None:
            await self._command(interaction, Button.REGENERATE, on=message.id)

    async def pressed(self, interaction: Interaction, custom_id: str) -> bool:
        """Answer a button; False if it is none of these."""
        press = buttons.pressed(custom_id)
        if press is None:
            return False
        button, lead = press
        await interaction.response.defer()
        scene = await resolve_invocation(interaction, self._conversations)
        refusal = answers.NOT_A_CONVERSATION
        if scene.conversation is not None:
            refusal = await self._grant(interaction, scene, scene.conversation, button, lead=lead)
        if refusal:
            await say(interaction, refusal)
        if refusal in _DEAD and scene.conversation is not None:
            # A button that was left over, as after a crash; this call comes out of no channel's allowance.
            left = None
            if refusal != answers.DELETED:
                left = await self._afterwards(scene.conversation, lead, interaction)
            await conclude(interaction, view=left)
        return True

    async def _afterwards(
        self, conversation: int, lead: int, interaction: Interaction
    ) -> discord.ui.View | None:
        """What a message is to carry whose turn is over: who is late with Stop may see the other buttons already."""
        meta = await self._conversations.meta(conversation)
        standing = await self._revisions.standing(conversation)
        if meta is None or standing.last is None or standing.last.lead != lead:
            return None
        if interaction.message is None or meta.buttons != interaction.message.id:
            return None
        entry = await self._revisions.latest(conversation, lead)
        answered = entry is not None and bool(entry.reply)
        return buttons.view(when_done(lead, cut=entry is not None and entry.open_end, answered=answered))

    async def _command(self, interaction: Interaction, button: Button, *, on: int | None = None) -> None:
        await interaction.response.defer(ephemeral=True)
        scene = await resolve_invocation(interaction, self._conversations)
        refusal = answers.NOT_A_CONVERSATION
        if scene.conversation is not None:
            refusal = await self._grant(interaction, scene, scene.conversation, button, on=on)
        await say(interaction, refusal or _SAID[button])

    async def _grant(
        self,
        interaction: Interaction,
        scene: Invocation,
        conversation: int,
        button: Button,
        *,
        lead: int | None = None,
        on: int | None = None,
    ) -> str:
        """Note a wish; returns why not, or "".

        A click names the turn by its `lead`, a menu a message of its reply."""
        standing = await self._standing(conversation)
        if button is Button.STOP:
            found = standing.answering
            missing = answers.NOTHING_TO_STOP
        else:
            found = standing.last
            missing = answers.NOT_THE_LAST if lead is not None or on is not None else answers.NOTHING_TO_REDO
            if standing.answering is not None and (lead is None or standing.answering.lead == lead):
                return answers.BUSY
        if found is None or lead not in (None, found.lead) or (on is not None and on not in found.replies):
            return missing
        if not may_control(scene.person, asked=interaction.user.id in found.askers):
            return answers.NOT_YOURS
        refusal = await self._note(conversation, button, found.lead, interaction.id)
        if not refusal:
            log.info("wish_noted", conversation=conversation, turn=found.lead, wish=button.value)
            self._dispatcher.ring(conversation)
            await self._bell.ring(conversation)
        return refusal

    async def _standing(self, conversation: int) -> Standing:
        """Read how a conversation stands, when a turn that is just being finished has ended.

        Its buttons stand there with its last edit, and who is quick presses them before the turn has ended.
        """
        return await when_finished(
            lambda: self._revisions.standing(conversation),
            lambda seen: seen.answering is not None and seen.answering.state is State.COMMITTED,
        )

    async def _note(self, conversation: int, button: Button, lead: int, interaction: int) -> str:
        if button is Button.STOP:
            stopped = await self._revisions.stop(conversation, lead)
            return answers.NOTHING_TO_STOP if stopped is None else ""
        more = button is Button.CONTINUE
        entry = await self._revisions.latest(conversation, lead) if more else None
        if more and not (entry is not None and entry.open_end):
            return answers.NOTHING_TO_CONTINUE
        wish = await self._revisions.again(conversation, lead, str(interaction), more=more)
        return _REFUSED.get(wish, "")
