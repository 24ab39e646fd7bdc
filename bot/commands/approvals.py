"""The buttons on the card of a tool call that waits for a permission: Allow once, Always here, Refuse, Refuse and say
why.
"""

from __future__ import annotations

from collections.abc import Mapping

import discord
import structlog

from bot.commands import permission_rules
from bot.commands.admission import Admission
from bot.commands.audit_notes import note
from bot.commands.interactions import Interaction, lookup_deadline, say
from bot.commands.invocation import Invocation, resolve_invocation
from bot.commands.modal import TextModal
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.approval import Approval
from bot.conversation.approval_card import NOT_WAITING, late_answer
from bot.conversation.audit import Act
from bot.conversation.errors import DiscordError
from bot.conversation.scope import Scope
from bot.conversation.tool_settings import FAMILY, ON, role_settings
from bot.gateway.conversion import buttons
from bot.render.controls import Button

log = structlog.get_logger()

RULE = permission_rules.REPLY

ALWAYS_RULE = permission_rules.CONVERSATION

MAY_NOT_DECIDE = RULE.refusal("decide that")
MAY_NOT_ALWAYS = ALWAYS_RULE.refusal("allow it for the whole thread") + " “Allow once” may do."
SET_FOR_ROLES = (
    "This tool is set for roles here, so I do not switch it on for everybody in this thread: /tools set can do that. "
    "“Allow once” may do."
)
UNKNOWN = "I no longer know that call. If you still want it, ask Claude again."
NOT_FOUND_OUT = (
    "I could not check whether this is still allowed, because Discord did not tell me the roles. Press again in a "
    "minute."
)
MODAL = r"bobbin:refusal:(?P<approval>[0-9]+)"
REASON = "reason"


class ApprovalButtons:
    """Checks who may decide, and passes the decision to the ApprovalDesk."""

    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._audit_log = services.audit_log
        self._desk = services.approvals
        self._admission = Admission(services)

    def add_to(self, tree: Tree) -> None:
        tree.add_button(buttons.OF_CARDS_TEMPLATE.pattern, self.pressed)
        tree.add_modal(MODAL, self.submitted)

    async def pressed(self, interaction: Interaction, *, button: str, approval: str) -> None:
        chosen = Button(button)
        if chosen is Button.REFUSE_WHY:
            async with lookup_deadline():
                invocation, found = await self._resolved(interaction, int(approval))
                refusal = await self._refusal(interaction, invocation, found, chosen)
            if refusal:
                await say(interaction, refusal)
            else:
                await interaction.response.send_modal(
                    TextModal(
                        title="Refuse this call",
                        custom_id=f"bobbin:refusal:{approval}",
                        field=REASON,
                        label="Why?",
                        description="Claude reads it, and the card shows it.",
                        text="",
                    )
                )
            return
        await interaction.response.defer()
        invocation, found = await self._resolved(interaction, int(approval))
        refusal = await self._refusal(interaction, invocation, found, chosen)
        if refusal or found is None:
            await say(interaction, refusal)
            return
        if chosen is not Button.REFUSE:
            # Before the setting is changed: Always must not switch on a tool that is no longer allowed.
            try:
                found = await self._desk.checked(found)
            except DiscordError:
                await say(interaction, NOT_FOUND_OUT)
                return
            if refusal := late_answer(found):
                await say(interaction, refusal)
                return
        if chosen is Button.ALWAYS:
            if await self._is_set_for_roles(found):
                await say(interaction, SET_FOR_ROLES)
                return
            await self._scope_settings.change(
                invocation.actor, Scope.THREAD, found.conversation, {FAMILY + found.tool: ON}
            )
        await self._decide(interaction, invocation, found, chosen)

    async def _is_set_for_roles(self, found: Approval) -> bool:
        """Whether somebody has set the tool for roles, which a setting of the thread for everybody would overrule."""
        by_scope = await self._scope_settings.by_scope(
            thread=found.conversation, channel=found.channel, server=found.server
        )
        return bool(role_settings(by_scope, found.tool))

    async def submitted(self, interaction: Interaction, *, values: Mapping[str, str], approval: str) -> None:
        """Refuse a call with the reason that was written in the modal."""
        await interaction.response.defer()
        invocation, found = await self._resolved(interaction, int(approval))
        refusal = await self._refusal(interaction, invocation, found, Button.REFUSE_WHY)
        if refusal or found is None:
            await say(interaction, refusal)
        else:
            await self._decide(interaction, invocation, found, Button.REFUSE, values.get(REASON, ""))

    async def _resolved(self, interaction: Interaction, approval: int) -> tuple[Invocation, Approval | None]:
        invocation = await resolve_invocation(interaction, self._conversations)
        # Discord checks that the message of a press has the button; a modal of any message may name any call.
        card = interaction.message if interaction.type is discord.InteractionType.component else None
        return invocation, await self._desk.find(
            interaction.channel_id or 0, approval, None if card is None else card.id
        )

    async def _refusal(
        self, interaction: Interaction, invocation: Invocation, found: Approval | None, button: Button
    ) -> str:
        """Say why a press is refused, "" if it is accepted.

        Who is blocked may refuse a call, but neither allow one nor tell Claude anything.
        """
        if found is None:
            return UNKNOWN
        if not RULE.allows(invocation.person, asked=interaction.user.id == found.asker):
            return MAY_NOT_DECIDE
        if button is Button.ALWAYS and not ALWAYS_RULE.allows(invocation.person):
            return MAY_NOT_ALWAYS
        if (late := late_answer(found)) or button is Button.REFUSE:
            return late
        blocked = await self._admission.blocked(interaction, thread=found.conversation, channel=found.channel)
        return blocked or ""

    async def _decide(
        self,
        interaction: Interaction,
        invocation: Invocation,
        found: Approval,
        button: Button,
        reason: str = "",
    ) -> None:
        person = interaction.user.id
        if button is Button.REFUSE:
            met, is_decided = await self._desk.refuse(found.conversation, found.id, person, reason)
        else:
            try:
                met, is_decided = await self._desk.allow(found.conversation, found.id, person)
            except DiscordError:
                await say(interaction, NOT_FOUND_OUT)
                return
        if not is_decided:
            # A call that was not decided although it still waits in the store has expired.
            await say(interaction, UNKNOWN if met is None else late_answer(met) or NOT_WAITING["expired"])
            return
        log.info("approval_decided", conversation=found.conversation, tool=found.tool, button=button.value)
        if person != found.asker:
            act = Act.TOOL_REFUSED if button is Button.REFUSE else Act.TOOL_ALLOWED
            await note(self._audit_log, invocation, act, after=found.tool)
