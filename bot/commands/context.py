"""/context: what Claude sees of a conversation, and a way to correct the summary of what it no longer sees."""

from __future__ import annotations

import time
from collections.abc import Callable

import discord
import structlog
from discord import app_commands

from bot.commands import answers, context_view
from bot.commands.access import may_reset
from bot.commands.command_contexts import everywhere
from bot.commands.interactions import Interaction, in_time, say
from bot.commands.invocation import resolve_invocation
from bot.commands.modal import ask
from bot.conversation import wording
from bot.conversation.context_view import ContextView, view
from bot.conversation.correction import fingerprint
from bot.conversation.errors import StoreUnavailable, Unreadable
from bot.conversation.model import Choice
from bot.gateway.events.pins import Pins
from bot.store.claim import Meta
from bot.store.conversations import Conversations
from bot.store.pins_and_summaries import PinsAndSummaries
from bot.store.scoped_overrides import ScopedOverrides
from bot.turns.policy import TurnPolicy
from bot.turns.terms import terms_of

log = structlog.get_logger()

PINS_ID = "bobbin:pins"
"""The beginning of the custom id of the button; the conversation stands behind it."""

CORRECT_ID = "bobbin:correct"
"""The beginning of custom ids of the button and of the modal; the fingerprint of the summary stands behind it."""

SUMMARY_FIELD = "summary"


class Context:
    """Answers the command, its button and its modal; `choose` makes the policy of a turn from what was chosen."""

    def __init__(
        self,
        conversations: Conversations,
        recall: PinsAndSummaries,
        prompts: ScopedOverrides,
        choose: Callable[[Choice], TurnPolicy],
        pins: Pins,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._conversations = conversations
        self._recall = recall
        self._prompts = prompts
        self._choose = choose
        self._pins = pins
        self._now_s = now_s

    def add_to(self, tree: app_commands.CommandTree[discord.Client]) -> None:
        """Register the command."""

        @tree.command(
            name="context", description="Show what Claude sees of this conversation, and what it cost"
        )
        @everywhere
        async def context(interaction: Interaction) -> None:
            await self._show(interaction)

    async def pressed(self, interaction: Interaction, custom_id: str) -> bool:
        """Answer the button; False if it is another one."""
        kind, _, shown = custom_id.rpartition(":")
        if kind == PINS_ID:
            await self._pin_now(interaction)
            return True
        if kind != CORRECT_ID:
            return False
        # Discord takes a modal only as the first answer, so this one cannot be put off.
        async with in_time():
            scene = await resolve_invocation(interaction, self._conversations)
            past = None if scene.conversation is None else await self._recall.past(scene.conversation)
        if past is None or not may_reset(scene.person):
            await say(interaction, context_view.MAY_NOT_CORRECT)
            return True
        if fingerprint(past.preface.summary) != shown:
            await say(interaction, context_view.SUMMARY_GONE)
            return True
        await ask(
            interaction,
            title="What came before",
            custom_id=custom_id,
            field=SUMMARY_FIELD,
            label="The summary",
            description="Claude reads this in place of the oldest messages. Empty: nothing.",
            text=past.preface.summary,
            required=False,
        )
        return True

    async def submitted(self, interaction: Interaction, custom_id: str, values: dict[str, str]) -> bool:
        """Answer the modal; False if it is another one."""
        kind, _, shown = custom_id.rpartition(":")
        if kind != CORRECT_ID:
            return False
        await interaction.response.defer(ephemeral=True, thinking=True)
        written = values.get(SUMMARY_FIELD, "")
        said, files = await self._correct(interaction, shown, written), list[discord.File]()
        if said != context_view.CORRECTED:
            said, files = context_view.given_back(said, written)
        await say(interaction, said, files=files)
        return True

    async def _correct(self, interaction: Interaction, shown: str, summary: str) -> str:
        """Let a summary stand in place of what was shown, and return what is to be said of it."""
        try:
            scene = await resolve_invocation(interaction, self._conversations)
            if scene.conversation is None or not may_reset(scene.person):
                return context_view.MAY_NOT_CORRECT
            if not await self._recall.correct(scene.conversation, shown, summary):
                return context_view.SUMMARY_GONE
        except Unreadable:
            return wording.UNREADABLE
        except StoreUnavailable as error:
            log.warning("store_unavailable", interaction=interaction.id, detail=str(error))
            return wording.STORE_DOWN
        log.info("summary_corrected", conversation=scene.conversation)
        return context_view.CORRECTED

    async def _pin_now(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        scene = await resolve_invocation(interaction, self._conversations)
        if scene.conversation is None or not may_reset(scene.person):
            await say(interaction, context_view.MAY_NOT_PIN)
            return
        await self._pins.current(scene.conversation)
        noted = await self._recall.pin_now(scene.conversation, interaction.id)
        log.info("pins_count_now", conversation=scene.conversation)
        await say(interaction, context_view.PINNED if noted else context_view.NOTHING_SAID)

    async def _show(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        scene = await resolve_invocation(interaction, self._conversations)
        meta = None if scene.conversation is None else await self._conversations.meta(scene.conversation)
        if scene.conversation is None or meta is None:
            await say(interaction, answers.NOT_A_CONVERSATION)
            return
        choice = await self._prompts.effective(
            thread=scene.conversation, channel=scene.channel, server=scene.server
        )
        await self._pins.current(scene.conversation)
        try:
            past = await self._recall.past(scene.conversation)
        except Unreadable:
            await say(interaction, wording.UNREADABLE)
            return
        terms = terms_of(self._choose(choice))
        seen = view(
            past,
            model=terms.model,
            manner=terms.manner,
            system=terms.system,
            policy=terms.trimming,
            now_ms=round(self._now_s() * 1000),
        )
        link = None if seen.first is None else _link(scene.conversation, meta, seen.first)
        text, files = context_view.shown(
            seen,
            link=link,
            cost_micro_usd=meta.cost,
            unpriced=meta.unpriced,
            caches=terms.cache != "off",
            pinned_now=past.at_once,
        )
        may_change = may_reset(scene.person)
        buttons = _buttons(seen, scene.conversation, pins=not past.at_once) if may_change else None
        await say(interaction, text, files=files, view=buttons)


def _buttons(seen: ContextView, conversation: int, *, pins: bool) -> discord.ui.View | None:
    buttons = discord.ui.View(timeout=None)
    if seen.summary:
        custom_id = f"{CORRECT_ID}:{fingerprint(seen.summary)}"
        buttons.add_item(
            discord.ui.Button[discord.ui.View](label=context_view.CORRECT_LABEL, custom_id=custom_id)
        )
    if pins and seen.pins_wait:
        custom_id = f"{PINS_ID}:{conversation}"
        buttons.add_item(
            discord.ui.Button[discord.ui.View](label=context_view.PINS_LABEL, custom_id=custom_id)
        )
    return buttons if buttons.children else None


def _link(conversation: int, meta: Meta, message: int) -> str:
    # The message that a thread was started from stands outside of it, under the same id.
    place = meta.parent if message == conversation and meta.parent is not None else conversation
    return f"https://discord.com/channels/{meta.guild or '@me'}/{place}/{message}"
