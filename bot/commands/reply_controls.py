"""Stop, Regenerate (or Try again) and Continue: as buttons, as commands, and in the context menu of a message."""

from __future__ import annotations

import discord
import structlog

from bot.commands import permission_rules
from bot.commands.admission import Admission, roles_of
from bot.commands.audit_notes import note
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say, update_message
from bot.commands.invocation import NOT_A_CONVERSATION, Invocation, resolve_invocation
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.audit import Act
from bot.gateway.conversion import buttons
from bot.gateway.events.wait_until_done import wait_until_done
from bot.render.controls import Button, when_done
from bot.store.claim import BY_ANOTHER, Presser
from bot.store.states import State
from bot.store.turn_control import ConversationStatus, RegenerateResult

log = structlog.get_logger()

RULE = permission_rules.REPLY

STOP_RULE = permission_rules.STOP

MAY_NOT_CONTROL = f"{RULE.refusal('do that')} You are welcome to ask something of your own."
MAY_NOT_STOP = STOP_RULE.refusal("stop it")
NOTHING_TO_STOP = "Nothing is being written here right now."
BUSY = "I am writing a reply here right now. Stop it or wait for its end, then try again."
NOT_THE_LAST = "That is not my latest reply here: only the latest one can be regenerated or continued."
NOTHING_TO_REGENERATE = "I have no reply here that I could write again."
QUESTION_GONE = (
    "I no longer have the question to that reply: it was deleted, or its author had me forget them. So there is "
    "nothing left to answer."
)
NOTHING_TO_CONTINUE = (
    "My latest reply did not reach its length limit, so there is nothing to continue. "
    "Ask me for more, if you like."
)
STOPPING = "Stopped. What is already written stays."
REGENERATING = "I am writing my latest reply again."
CONTINUING = "I am continuing my latest reply."

_ACCEPTED = {Button.STOP: STOPPING, Button.REGENERATE: REGENERATING, Button.CONTINUE: CONTINUING}
"""The answers to commands; a click needs none, because its effect shows in the reply."""

_ACTS = {
    Button.STOP: Act.REPLY_STOPPED,
    Button.REGENERATE: Act.REPLY_REGENERATED,
    Button.TRY_AGAIN: Act.REPLY_REGENERATED,
    Button.CONTINUE: Act.REPLY_CONTINUED,
}
"""The entries of the audit log for a request about a reply to somebody else."""

_FINAL_REFUSALS = (NOT_THE_LAST, NOTHING_TO_STOP, QUESTION_GONE)
"""The refusals that another click on the same button would get again: its button can go."""

_REFUSALS = {
    RegenerateResult.BUSY: BUSY,
    RegenerateResult.OLD: NOT_THE_LAST,
    RegenerateResult.GONE: QUESTION_GONE,
}


class ReplyControls:
    """Stores the request; the instance that holds the conversation's lease carries it out."""

    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._audit_log = services.audit_log
        self._control = services.turn_control
        self._dispatcher = services.dispatcher
        self._wakeups = services.wakeups
        self._admission = Admission(services)

    def add_to(self, tree: Tree) -> None:
        for name, description, command in (
            ("stop", "Stop the reply that is being written; what is already written stays", self.stop),
            ("retry", "Write the latest reply again, in its place", self.retry),
            ("continue", "Continue the latest reply, if it reached its length limit", self.continue_),
        ):
            tree.command(name=name, description=description)(command)
        tree.context_menu(name="Regenerate")(self.regenerate)
        tree.add_button(buttons.TEMPLATE.pattern, self.pressed)

    @in_servers_and_dms
    async def stop(self, interaction: Interaction) -> None:
        await self._command(interaction, Button.STOP)

    @in_servers_and_dms
    async def retry(self, interaction: Interaction) -> None:
        await self._command(interaction, Button.REGENERATE)

    @in_servers_and_dms
    async def continue_(self, interaction: Interaction) -> None:
        await self._command(interaction, Button.CONTINUE)

    @in_servers_and_dms
    async def regenerate(self, interaction: Interaction, message: discord.Message) -> None:
        """Regenerate the reply that a message belongs to."""
        await self._command(interaction, Button.REGENERATE, message_id=message.id)

    async def pressed(self, interaction: Interaction, *, button: str, turn_id: str) -> None:
        """Answer a click on a button of a reply; `turn_id` names the reply's turn."""
        turn = int(turn_id)
        await interaction.response.defer()
        invocation = await resolve_invocation(interaction, self._conversations)
        conversation = invocation.conversation
        if conversation is None:
            await say(interaction, NOT_A_CONVERSATION)
            return
        refusal = await self._request(interaction, invocation, conversation, Button(button), turn_id=turn)
        if refusal:
            await say(interaction, refusal)
        if refusal in _FINAL_REFUSALS:
            # The button is stale, as after a crash. An edit through the interaction does not count towards the
            # channel's rate limit.
            gone = refusal == QUESTION_GONE
            view = None if gone else await self._current_buttons(conversation, turn, interaction)
            await update_message(interaction, view=view)

    async def _current_buttons(
        self, conversation: int, turn_id: int, interaction: Interaction
    ) -> discord.ui.View | None:
        """Return the buttons that the pressed message should have; a late click on Stop may meet a finished reply."""
        meta = await self._conversations.meta(conversation)
        status = await self._control.status(conversation)
        if meta is None or status.last is None or status.last.turn_id != turn_id:
            return None
        if interaction.message is None or meta.buttons != interaction.message.id:
            return None
        entry = await self._control.last_entry(conversation, turn_id)
        answered = entry is not None and bool(entry.reply)
        return buttons.view(
            when_done(turn_id, truncated=entry is not None and entry.open_end, answered=answered)
        )

    async def _command(
        self, interaction: Interaction, button: Button, *, message_id: int | None = None
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        refusal = NOT_A_CONVERSATION
        if invocation.conversation is not None:
            refusal = await self._request(
                interaction, invocation, invocation.conversation, button, message_id=message_id
            )
        await say(interaction, refusal or _ACCEPTED[button])

    async def _request(
        self,
        interaction: Interaction,
        invocation: Invocation,
        conversation: int,
        button: Button,
        *,
        turn_id: int | None = None,
        message_id: int | None = None,
    ) -> str:
        """Store a request; return why it is refused, "" if it is stored.

        A click names the turn by `turn_id`, the context menu by a message of the reply; a command means the latest
        turn.
        """
        status = await self._settled_status(conversation)
        if button is Button.STOP:
            turn = status.running
            not_found = NOTHING_TO_STOP
        else:
            turn = status.last
            not_found = NOTHING_TO_REGENERATE if turn_id is None and message_id is None else NOT_THE_LAST
            if status.running is not None and (turn_id is None or status.running.turn_id == turn_id):
                return BUSY
        if turn is None or turn_id not in (None, turn.turn_id):
            return not_found
        if message_id is not None and message_id not in turn.replies:
            return not_found
        asked = interaction.user.id in turn.askers
        rule, refusal = (STOP_RULE, MAY_NOT_STOP) if button is Button.STOP else (RULE, MAY_NOT_CONTROL)
        if not rule.allows(invocation.person, asked=asked):
            # Nobody who is blocked is invited to ask.
            return (
                await self._admission.blocked(interaction, thread=conversation, channel=invocation.channel)
                or refusal
            )
        if button is not Button.STOP:
            refused = await self._admission.refusal(
                interaction, thread=conversation, channel=invocation.channel
            )
            if refused is not None:
                return refused
        request = str(interaction.id) if asked else f"{interaction.id}{BY_ANOTHER}"
        # The role that everybody has is no role of a limit.
        presser = Presser(interaction.user.id, roles_of(interaction) - {interaction.guild_id or 0})
        refusal = await self._record(conversation, button, turn.turn_id, request, presser)
        if not refusal:
            log.info(
                "reply_control_requested", conversation=conversation, turn=turn.turn_id, button=button.value
            )
            self._dispatcher.signal(conversation)
            await self._wakeups.publish(conversation)
            if not asked:
                await note(self._audit_log, invocation, _ACTS[button])
        return refusal

    async def _settled_status(self, conversation: int) -> ConversationStatus:
        """Return the status of the latest turns, after waiting for a committed turn to end.

        A reply gets its buttons with its last edit, so a click can arrive before the turn has ended.
        """
        return await wait_until_done(
            lambda: self._control.status(conversation),
            lambda seen: seen.running is not None and seen.running.state is State.COMMITTED,
        )

    async def _record(
        self, conversation: int, button: Button, turn_id: int, request: str, presser: Presser
    ) -> str:
        if button is Button.STOP:
            stopped = await self._control.stop(conversation, turn_id)
            return NOTHING_TO_STOP if stopped is None else ""
        continuing = button is Button.CONTINUE
        entry = await self._control.last_entry(conversation, turn_id) if continuing else None
        if continuing and not (entry is not None and entry.open_end):
            return NOTHING_TO_CONTINUE
        result = await self._control.regenerate(
            conversation, turn_id, request, payer=presser, continues=continuing
        )
        return _REFUSALS.get(result, "")
