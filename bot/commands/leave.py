"""/leave: stops answers in a conversation until the next mention."""

from __future__ import annotations

import structlog

from bot.commands import permission_rules
from bot.commands.audit_notes import note
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import NOT_A_CONVERSATION, Invocation, resolve_invocation
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.answer_mode import ANSWER, AnswerMode
from bot.conversation.audit import Act
from bot.conversation.scope import Scope

log = structlog.get_logger()

RULE = permission_rules.CONVERSATION

LEFT = "I have left this conversation and no longer answer here. Mention me, and I am back."
NOT_FROM_HERE = "I cannot leave direct messages. To make me forget what was said here, use /reset."
MAY_NOT_LEAVE = RULE.refusal("make me leave it")


class Leave:
    """Answers the command. A reply that is being written is still finished, and the history stays."""

    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._audit_log = services.audit_log

    def add_to(self, tree: Tree) -> None:
        tree.command(name="leave", description="Make me answer nothing here until I am mentioned again")(
            self.leave
        )

    @in_servers_and_dms
    async def leave(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        if invocation.person.is_direct:
            await say(interaction, NOT_FROM_HERE)
        elif invocation.conversation is None:
            await say(interaction, NOT_A_CONVERSATION)
        elif not RULE.allows(invocation.person):
            await say(interaction, MAY_NOT_LEAVE)
        else:
            await self._stop_always(invocation, invocation.conversation)
            if await self._conversations.leave(invocation.conversation, interaction.id):
                await note(self._audit_log, invocation, Act.LEAVE)
                log.info("conversation_left", conversation=invocation.conversation)
            await say(interaction, LEFT)

    async def _stop_always(self, invocation: Invocation, thread: int) -> None:
        """Remove the mode `always` of the thread, with which the next message would bring the bot back."""
        by_scope = await self._scope_settings.by_scope(
            thread=thread, channel=invocation.channel, server=invocation.server
        )
        setting = by_scope[Scope.THREAD].get(ANSWER)
        if setting is not None and setting.value == AnswerMode.ALWAYS:
            await self._scope_settings.change(invocation.actor, Scope.THREAD, thread, {ANSWER: None})
