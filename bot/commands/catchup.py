"""/catchup: summarizes a thread for one person, or answers their question about it, in private."""

from __future__ import annotations

import io

import discord
import structlog
from discord import app_commands

from bot.commands.admission import Admission
from bot.commands.command_contexts import in_servers_only
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import NOT_A_CONVERSATION, resolve_invocation
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation import budget_wording, wording
from bot.conversation.catch_up import linked
from bot.conversation.errors import (
    BobbinError,
    BudgetReached,
    ClaudeBlocked,
    ClaudeBusy,
    ClaudeModelUnknown,
    Unreadable,
)
from bot.conversation.fallback_wording import OUR_ACCOUNT
from bot.conversation.message import Message
from bot.conversation.request import Finished
from bot.conversation.since import since_ms
from bot.conversation.visible import is_blank
from bot.gateway import permissions
from bot.gateway.conversion.parts import to_author, to_roles
from bot.render.draft import Draft
from bot.render.style import Style
from bot.store.claim import Meta
from bot.turns.catch_up import CaughtUp

log = structlog.get_logger()

QUESTION_CHARS = 1000
MESSAGES_MAX = 4
"""The most messages of an answer; the rest is an attached file."""

MAY_NOT_READ = "You lack the permission “{}” here, so I cannot tell you what was said."
NOTHING_SAID = "Nothing was said here in that time."
IN_THE_FUTURE = "That is in the future: nothing has been said since then. Choose an earlier `since`."
NOT_A_TIME = (
    "I do not understand that time. Write for instance `2h`, `yesterday`, `2026-11-29`, or paste a link to a "
    "message of this thread."
)
ONE_AT_A_TIME = "I am still writing your last /catchup. Please wait until you have it."
DECLINED = "Claude declined to answer that. Please ask something else about this thread."
BUSY = "Claude is overloaded right now. Please try /catchup again in some minutes."
LIMITED = f"{OUR_ACCOUNT} Please try /catchup again in some minutes."
MODEL_GONE = (
    "The model that answers here is no longer available. Choose another one for this thread with /model set."
)
FAILED = "Claude gave no answer. Please try /catchup again in a minute."
TRUNCATED = "The answer ends early. Ask a more specific question, or choose a later `since`."


class Catchup:
    """Answers the command for people who can read the thread."""

    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._catch_up = services.catch_up
        self._admission = Admission(services)
        self._clock = services.clock

    def add_to(self, tree: Tree) -> None:
        tree.command(
            name="catchup", description="Get a private summary of this thread, or an answer about it"
        )(self.catchup)

    @app_commands.describe(
        since="From when on: 2h, 3 days, yesterday, a date, or a link to a message (default: all of it)",
        question="What you want to know; leave it out for a summary",
    )
    @in_servers_only
    async def catchup(
        self,
        interaction: Interaction,
        since: app_commands.Range[str, 1, 200] | None = None,
        question: app_commands.Range[str, 1, QUESTION_CHARS] | None = None,
    ) -> None:
        """Answer so that only the person sees it."""
        await interaction.response.defer(ephemeral=True)
        person = interaction.user.id
        if person in self._catch_up.running:
            await say(interaction, ONE_AT_A_TIME)
            return
        self._catch_up.running.add(person)
        try:
            await self._answer(interaction, since, question or "")
        finally:
            self._catch_up.running.discard(person)

    async def _answer(self, interaction: Interaction, since: str | None, question: str) -> None:
        invocation = await resolve_invocation(interaction, self._conversations)
        conversation = invocation.conversation
        meta = None if conversation is None else await self._conversations.meta(conversation)
        if conversation is None or meta is None:
            await say(interaction, NOT_A_CONVERSATION)
            return
        if (lacking := permissions.first_lacking(interaction.permissions, permissions.TO_READ)) is not None:
            await say(interaction, MAY_NOT_READ.format(lacking))
            return
        refusal = await self._admission.refusal(interaction, thread=conversation, channel=invocation.channel)
        if refusal is not None:
            await say(interaction, refusal)
            return
        from_ms = None if since is None else since_ms(since, self._clock.now_ms())
        if since is not None and from_ms is None:
            await say(interaction, NOT_A_TIME)
            return
        if from_ms is not None and from_ms > self._clock.now_ms():
            await say(interaction, IN_THE_FUTURE)
            return
        author = to_author(interaction.user)
        asked = Message(
            interaction.id,
            author,
            "" if is_blank(question) else question,
            roles=to_roles(interaction.user),
        )
        try:
            found = await self._catch_up.answer(conversation, meta, interaction.id, asked, from_ms)
        except Unreadable:
            await say(interaction, wording.UNREADABLE)
            return
        if found is None:
            await say(interaction, NOTHING_SAID)
            return
        await _show(interaction, conversation, meta, found)


async def _show(interaction: Interaction, conversation: int, meta: Meta, found: CaughtUp) -> None:
    if is_blank(found.text) or _is_declined(found.end):
        await say(interaction, _unanswered(found.end))
        return
    links = {number: _link(conversation, meta, each.id) for number, each in enumerate(found.marked, start=1)}
    notices = []
    if not (isinstance(found.end, Finished) and found.end.stop_reason == "end_turn"):
        notices.append(TRUNCATED)
    is_truncated = bool(notices)
    if found.told:
        notices.append(found.told)
    if found.seen_from is not None:
        link = _link(conversation, meta, found.seen_from)
        notices.append(f"I no longer have what was said before [this](<{link}>), except perhaps a summary.")
    draft = Draft(style=Style(max_messages=MESSAGES_MAX))
    draft.push(linked(found.text.strip(), links))
    draft.finish(truncated=is_truncated)
    for part in draft.parts:
        files = [
            discord.File(io.BytesIO(text.encode()), name)
            for each in part.files
            if (text := getattr(each, "text", "")) and (name := getattr(each, "name", ""))
        ]
        await say(interaction, part.text, files=files)
    if notices:
        await say(interaction, "\n".join(map(wording.small, notices)))


def _is_declined(end: Finished | BobbinError) -> bool:
    return isinstance(end, Finished) and end.stop_reason == "refusal"


def _unanswered(end: Finished | BobbinError) -> str:
    match end:
        case BudgetReached():
            return f"{budget_wording.full(end)}. Try /catchup again then."
        case Finished(stop_reason="refusal") | ClaudeBlocked():
            return DECLINED
        case ClaudeModelUnknown():
            return MODEL_GONE
        case ClaudeBusy(rate_limited=True):
            return LIMITED
        case ClaudeBusy():
            return BUSY
        case _:
            return FAILED


def _link(conversation: int, meta: Meta, message: int) -> str:
    # The message from which a thread was started has the thread's id and stands in the parent channel.
    channel = meta.parent if message == conversation and meta.parent is not None else conversation
    return f"https://discord.com/channels/{meta.guild or '@me'}/{channel}/{message}"
