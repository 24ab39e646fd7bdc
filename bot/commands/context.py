"""/context: what Claude sees of a conversation, and a way to correct the summary of what it no longer sees."""

from __future__ import annotations

from collections.abc import Mapping

import discord
import structlog

from bot.commands import context_view
from bot.commands.buttons import button, view_of
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.context_view import RULE
from bot.commands.interactions import Interaction, lookup_deadline, say
from bot.commands.invocation import NOT_A_CONVERSATION, resolve_invocation
from bot.commands.modal import TextModal
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation import wording
from bot.conversation.context_view import ContextView, view
from bot.conversation.correction import fingerprint
from bot.conversation.errors import StoreUnavailable, Unreadable
from bot.store.claim import Meta
from bot.turns.terms import terms_of

log = structlog.get_logger()

PINS_ID = "bobbin:pins"
"""The beginning of a button's custom id; the conversation's id stands behind it."""

CORRECT_ID = "bobbin:correct"
"""The beginning of the custom ids of a button and of its modal; the fingerprint of the summary stands behind it."""

SUMMARY_FIELD = "summary"


class Context:
    """Answers the command, its buttons and its modal."""

    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._recall = services.pins_and_summaries
        self._overrides = services.overrides
        self._resolve_terms = services.resolve_terms
        self._pins = services.pins
        self._clock = services.clock

    def add_to(self, tree: Tree) -> None:
        """Add the command, the buttons and the modal."""
        tree.command(
            name="context", description="Show what Claude sees of this conversation, and what it cost"
        )(self.show)
        correct = rf"{CORRECT_ID}:(?P<summary>[0-9a-f]+)"
        tree.add_button(correct, self.ask_for_correction)
        tree.add_modal(correct, self.correct)
        tree.add_button(rf"{PINS_ID}:[0-9]+", self.apply_pins)

    async def ask_for_correction(self, interaction: Interaction, *, summary: str) -> None:
        """Open the modal with the summary; a modal cannot be deferred. `summary` is the shown one's fingerprint."""
        async with lookup_deadline():
            invocation = await resolve_invocation(interaction, self._conversations)
            conversation = invocation.conversation
            past = None if conversation is None else await self._recall.past(conversation)
        if past is None or not RULE.allows(invocation.person):
            await say(interaction, context_view.MAY_NOT_CORRECT)
            return
        if fingerprint(past.preface.summary) != summary:
            await say(interaction, context_view.SUMMARY_GONE)
            return
        await interaction.response.send_modal(
            TextModal(
                title="What came before",
                custom_id=f"{CORRECT_ID}:{summary}",
                field=SUMMARY_FIELD,
                label="The summary",
                description="Claude reads this in place of the oldest messages. Empty: nothing.",
                text=past.preface.summary,
                required=False,
            )
        )

    async def correct(self, interaction: Interaction, *, values: Mapping[str, str], summary: str) -> None:
        """Replace the summary by the text of the modal, or give that text back."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        written = values.get(SUMMARY_FIELD, "")
        answer = await self._correct(interaction, summary, written)
        if answer == context_view.CORRECTED:
            await say(interaction, answer)
        else:
            text, files = context_view.given_back(answer, written)
            await say(interaction, text, files=files)

    async def _correct(self, interaction: Interaction, shown: str, summary: str) -> str:
        """Replace the summary that was `shown`, and return the answer."""
        try:
            invocation = await resolve_invocation(interaction, self._conversations)
            if invocation.conversation is None or not RULE.allows(invocation.person):
                return context_view.MAY_NOT_CORRECT
            if not await self._recall.correct(invocation.conversation, shown, summary):
                return context_view.SUMMARY_GONE
        except Unreadable:
            return wording.UNREADABLE
        except StoreUnavailable as error:
            log.warning("store_unavailable", interaction=interaction.id, detail=str(error))
            return wording.STORE_DOWN
        log.info("summary_corrected", conversation=invocation.conversation)
        return context_view.CORRECTED

    async def apply_pins(self, interaction: Interaction) -> None:
        """Have the pins count with the next message, before the next trim."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        if invocation.conversation is None or not RULE.allows(invocation.person):
            await say(interaction, context_view.MAY_NOT_PIN)
            return
        await self._pins.wait_until_read(invocation.conversation)
        noted = await self._recall.pin_now(invocation.conversation, interaction.id)
        log.info("pins_applied", conversation=invocation.conversation)
        await say(interaction, context_view.PINNED if noted else context_view.NOTHING_SAID)

    @in_servers_and_dms
    async def show(self, interaction: Interaction) -> None:
        """Show what Claude sees of the conversation."""
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        conversation = invocation.conversation
        meta = None if conversation is None else await self._conversations.meta(conversation)
        if conversation is None or meta is None:
            await say(interaction, NOT_A_CONVERSATION)
            return
        choice = await self._overrides.effective(
            thread=conversation, channel=invocation.channel, server=invocation.server
        )
        await self._pins.wait_until_read(conversation)
        try:
            past = await self._recall.past(conversation)
        except Unreadable:
            await say(interaction, wording.UNREADABLE)
            return
        terms = terms_of(self._resolve_terms(choice))
        seen = view(
            past,
            model=terms.model,
            manner=terms.manner,
            system=terms.system,
            policy=terms.trimming,
            now_ms=round(self._clock.now_s() * 1000),
        )
        link = None if seen.first is None else _link(conversation, meta, seen.first)
        text, files = context_view.shown(
            seen,
            link=link,
            cost_micro_usd=meta.cost,
            unpriced=meta.unpriced,
            caches=terms.cache != "off",
            pinned_now=past.at_once,
        )
        may_change = RULE.allows(invocation.person)
        buttons = _buttons(seen, conversation, pins=not past.at_once) if may_change else None
        await say(interaction, text, files=files, view=buttons)


def _buttons(seen: ContextView, conversation: int, *, pins: bool) -> discord.ui.View | None:
    buttons = []
    if seen.summary:
        buttons.append(button(context_view.CORRECT_LABEL, f"{CORRECT_ID}:{fingerprint(seen.summary)}"))
    if pins and seen.pins_wait:
        buttons.append(button(context_view.PINS_LABEL, f"{PINS_ID}:{conversation}"))
    return view_of(*buttons)


def _link(conversation: int, meta: Meta, message: int) -> str:
    # The message that a thread was started from is in the parent channel, and has the thread's id.
    channel_id = meta.parent if message == conversation and meta.parent is not None else conversation
    return f"https://discord.com/channels/{meta.guild or '@me'}/{channel_id}/{message}"
