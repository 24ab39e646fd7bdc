"""/context: what Claude sees of a conversation; the summary can be corrected, pins applied, and files removed."""

from __future__ import annotations

from collections.abc import Mapping

import discord
import structlog

from bot.commands import context_view
from bot.commands.admission import Admission
from bot.commands.audit_notes import note
from bot.commands.buttons import button, chosen, select, view_of
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.context_view import FILE_RULE, RULE
from bot.commands.interactions import Interaction, lookup_deadline, say
from bot.commands.invocation import resolve_invocation
from bot.commands.modal import TextModal
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation import wording
from bot.conversation.audit import Act
from bot.conversation.context_view import ContextView, view
from bot.conversation.correction import fingerprint
from bot.conversation.errors import StoreUnavailable, Unreadable
from bot.conversation.history_files import HistoryFile
from bot.conversation.model import narrowest
from bot.conversation.scope import choice_of
from bot.store.claim import Meta

log = structlog.get_logger()

PINS_ID = "bobbin:pins"
"""The prefix of a button's custom id; the conversation's id follows."""

CORRECT_ID = "bobbin:correct"
"""The prefix of the custom ids of a button and of its modal; the fingerprint of the summary follows."""

FILE_ID = "bobbin:file"
"""The prefix of a select menu's custom id; the conversation's id follows."""

SUMMARY_FIELD = "summary"


class Context:
    """Answers the command, its buttons, its menu and its modal."""

    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._audit_log = services.audit_log
        self._pins_and_summaries = services.pins_and_summaries
        self._revisions = services.revisions
        self._control = services.turn_control
        self._scope_settings = services.scope_settings
        self._admission = Admission(services)
        self._resolve_terms = services.resolve_terms
        self._tools = services.tools
        self._pins = services.pins
        self._clock = services.clock

    def add_to(self, tree: Tree) -> None:
        tree.command(
            name="context", description="Show what Claude sees of this conversation, and what it cost"
        )(self.show)
        correct = rf"{CORRECT_ID}:(?P<summary>[0-9a-f]+)"
        tree.add_button(correct, self.ask_for_correction)
        tree.add_modal(correct, self.correct)
        tree.add_button(rf"{PINS_ID}:[0-9]+", self.apply_pins)
        tree.add_button(rf"{FILE_ID}:[0-9]+", self.take_out)

    async def ask_for_correction(self, interaction: Interaction, *, summary: str) -> None:
        """Open the modal with the summary. `summary` is the fingerprint of the summary that was shown."""
        async with lookup_deadline():
            invocation = await resolve_invocation(interaction, self._conversations)
            conversation = invocation.conversation
            past = None if conversation is None else await self._pins_and_summaries.past(conversation)
            blocked = await self._admission.starter_refusal(interaction, invocation)
        if past is None or not RULE.allows(invocation.person):
            await say(interaction, context_view.MAY_NOT_CORRECT)
            return
        if blocked is not None:
            await say(interaction, blocked)
            return
        if fingerprint(past.preface.summary) != summary:
            await say(interaction, context_view.SUMMARY_GONE)
            return
        await interaction.response.send_modal(
            TextModal(
                title="Summary of what came before",
                custom_id=f"{CORRECT_ID}:{summary}",
                field=SUMMARY_FIELD,
                label="The summary",
                description="Claude reads this in place of the oldest messages. Leave it empty for no summary.",
                text=past.preface.summary,
                required=False,
            )
        )

    async def correct(self, interaction: Interaction, *, values: Mapping[str, str], summary: str) -> None:
        """Replace the summary by the text of the modal; if that fails, return the text to the person."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        written = values.get(SUMMARY_FIELD, "")
        answer = await self._correct(interaction, summary, written)
        if answer == context_view.CORRECTED:
            await say(interaction, answer)
        else:
            text, files = context_view.given_back(answer, written)
            await say(interaction, text, files=files)

    async def _correct(self, interaction: Interaction, shown: str, summary: str) -> str:
        """Replace the summary with the fingerprint `shown`; return the answer."""
        try:
            invocation = await resolve_invocation(interaction, self._conversations)
            if invocation.conversation is None or not RULE.allows(invocation.person):
                return context_view.MAY_NOT_CORRECT
            if (blocked := await self._admission.starter_refusal(interaction, invocation)) is not None:
                return blocked
            before = (await self._pins_and_summaries.past(invocation.conversation)).preface.summary
            if not await self._pins_and_summaries.correct(invocation.conversation, shown, summary):
                return context_view.SUMMARY_GONE
        except Unreadable:
            return wording.UNREADABLE
        except StoreUnavailable as error:
            log.warning("store_unavailable", interaction=interaction.id, detail=str(error))
            return wording.STORE_DOWN
        await note(
            self._audit_log,
            invocation,
            Act.SUMMARY_CORRECTED,
            before=str(len(before)),
            after=str(len(summary.strip())),
        )
        log.info("summary_corrected", conversation=invocation.conversation)
        return context_view.CORRECTED

    async def apply_pins(self, interaction: Interaction) -> None:
        """Apply the pins with the next message instead of the next trim."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        if invocation.conversation is None or not RULE.allows(invocation.person):
            await say(interaction, context_view.MAY_NOT_PIN)
            return
        if (blocked := await self._admission.starter_refusal(interaction, invocation)) is not None:
            await say(interaction, blocked)
            return
        await self._pins.wait_until_read(invocation.conversation)
        noted = await self._pins_and_summaries.pin_now(invocation.conversation, interaction.id)
        if noted:
            await note(self._audit_log, invocation, Act.PINS_APPLIED)
        log.info("pins_applied", conversation=invocation.conversation)
        await say(interaction, context_view.PINNED if noted else context_view.NOTHING_SAID)

    async def take_out(self, interaction: Interaction) -> None:
        """Remove the chosen file from the conversation."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            answer = await self._take_out(interaction, *chosen(interaction).split(":"))
        except Unreadable:
            answer = wording.UNREADABLE
        await say(interaction, answer)

    async def _take_out(self, interaction: Interaction, holder: str = "", key: str = "") -> str:
        """Remove a file and return the answer; `holder` is the id of a message in the file's history entry."""
        invocation = await resolve_invocation(interaction, self._conversations)
        conversation = invocation.conversation
        meta = None if conversation is None else await self._conversations.meta(conversation)
        if conversation is None or meta is None:
            return invocation.not_a_conversation
        file = await self._revisions.file(conversation, int(holder), key) if holder.isdecimal() else None
        if file is None:
            return context_view.FILE_GONE
        if not FILE_RULE.allows(invocation.person) and not FILE_RULE.allows(
            invocation.person, posted=await _posted(interaction, conversation, meta, file)
        ):
            return context_view.MAY_NOT_TAKE_OUT
        if await self._runs(conversation, file):
            return context_view.FILE_BUSY
        index = await self._revisions.take_out(conversation, file)
        if index is None:
            return context_view.FILE_GONE
        await note(self._audit_log, invocation, Act.FILE_TAKEN_OUT, before=file.kind)
        if await self._runs(conversation, file):
            return context_view.FILE_BUSY  # a regeneration that has begun since may store the file again
        past = await self._pins_and_summaries.past(conversation)
        pinned = any(turn.holds(frozenset({file.holder})) for turn in past.preface.pinned)
        running = (await self._control.status(conversation)).running
        log.info("file_taken_out", conversation=conversation, kind=file.kind, tokens=file.tokens)
        return context_view.taken_out(
            file, seen=pinned or index >= past.window_start, busy=running is not None
        )

    async def _runs(self, conversation: int, file: HistoryFile) -> bool:
        """Whether the turn of a file is being answered again, which replaces its history entry at the end."""
        running = (await self._control.status(conversation)).running
        entry = None if running is None else await self._control.last_entry(conversation, running.turn_id)
        return entry is not None and entry.holds(frozenset({file.holder}))

    @in_servers_and_dms
    async def show(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        conversation = invocation.conversation
        meta = None if conversation is None else await self._conversations.meta(conversation)
        if conversation is None or meta is None:
            await say(interaction, invocation.not_a_conversation)
            return
        by_scope = await self._scope_settings.by_scope(
            thread=conversation, channel=invocation.channel, server=invocation.server
        )
        choice = narrowest(map(choice_of, by_scope.values()))
        await self._pins.wait_until_read(conversation)
        try:
            past = await self._pins_and_summaries.past(conversation)
        except Unreadable:
            await say(interaction, wording.UNREADABLE)
            return
        tools = await self._tools.offered(invocation.tool_place, by_scope)
        terms = self._resolve_terms(choice, meta.names, tools)
        seen = view(
            past,
            terms,
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
        items = _buttons(seen, conversation, pins=not past.at_once) if may_change else []
        if seen.files:
            # For everybody: people may remove the files that they posted.
            placeholder, custom_id = context_view.FILE_PLACEHOLDER, f"{FILE_ID}:{conversation}"
            items.append(select(placeholder, custom_id, context_view.options(seen)))
        await say(interaction, text, files=files, view=view_of(*items))


def _buttons(seen: ContextView, conversation: int, *, pins: bool) -> list[discord.ui.Item[discord.ui.View]]:
    buttons: list[discord.ui.Item[discord.ui.View]] = []
    if seen.summary:
        buttons.append(button(context_view.CORRECT_LABEL, f"{CORRECT_ID}:{fingerprint(seen.summary)}"))
    if pins and seen.pins_wait:
        buttons.append(button(context_view.PINS_LABEL, f"{PINS_ID}:{conversation}"))
    return buttons


async def _posted(interaction: Interaction, conversation: int, meta: Meta, file: HistoryFile) -> bool:
    """Whether the person posted a file. Discord is asked: the stored username may belong to somebody else now."""
    if file.message is None:
        return False
    channel = interaction.client.get_partial_messageable(_channel(conversation, meta, file.message))
    try:
        return (await channel.fetch_message(file.message)).author.id == interaction.user.id
    except (discord.NotFound, discord.Forbidden):
        return False


def _channel(conversation: int, meta: Meta, message: int) -> int:
    # The message from which a thread was started has the thread's id and stands in the parent channel.
    return meta.parent if message == conversation and meta.parent is not None else conversation


def _link(conversation: int, meta: Meta, message: int) -> str:
    channel_id = _channel(conversation, meta, message)
    return f"https://discord.com/channels/{meta.guild or '@me'}/{channel_id}/{message}"
