"""Gathers what is known about one message, and explains why it was answered or not."""

from __future__ import annotations

from dataclasses import replace

import discord

from bot.commands import why_blocked, why_view
from bot.commands.interactions import Interaction
from bot.commands.services import CommandServices
from bot.commands.why_target import Target, fetched
from bot.conversation import wording
from bot.conversation.decision import Cause, Decision
from bot.conversation.errors import Unreadable
from bot.conversation.intake import Ignore, Reason
from bot.conversation.message import created_ms
from bot.conversation.turn import Turn
from bot.gateway.events.question import question_of
from bot.store.claim import Meta
from bot.store.key_lifetimes import DONE_RECORD_S
from bot.store.message_states import MessageState
from bot.store.states import State

ENDED = (State.DONE, State.CANCELLED)

ACTS_READ = 200
"""The number of latest acts in the audit log among which a reset is searched."""

ACT_WITHIN_MS = 60_000
"""An act is logged within seconds of its interaction."""


class WhyAnswer:
    """Answers one person; with `names` the answers name other people, for those who manage the server."""

    def __init__(self, services: CommandServices, interaction: Interaction, *, names: bool) -> None:
        self._services = services
        self._states = services.message_states
        self._interaction = interaction
        self._names = names
        self._is_direct = interaction.guild_id is None

    async def about(self, target: Target) -> str:
        """Explain a message."""
        message, me = target.message, self._interaction.client.user
        if message is not None and message.type is discord.MessageType.thread_starter_message:
            reference = message.reference
            if reference is None or reference.message_id is None:
                return why_view.UNKNOWN
            target = await self._fetched(reference.channel_id, reference.message_id)
            message = target.message
        if message is not None and me is not None and message.author.id == me.id:
            return await self._about_own_message(target, message)
        return await self._about_persons_message(target)

    async def _about_own_message(self, target: Target, message: discord.Message) -> str:
        """Explain a message of the bot: a reply, a question of /chat, or for a notice the message it refers to."""
        conversation = target.channel
        if target.id in await self._states.of(conversation, (target.id,)):
            return await self._about_persons_message(target)  # what a person wrote into /chat
        # The message of a context menu comes without its reference.
        message = (await self._fetched(conversation, target.id)).message or message
        refers_to = None if message.reference is None else message.reference.message_id
        if message.flags.silent:
            if refers_to is None:
                return why_view.NOTICE
            return await self._about_persons_message(await self._fetched(conversation, refers_to))
        meta = await self._services.conversations.meta(conversation)
        question = await question_of(self._interaction.client, message.channel, message)
        # A reply refers to its question (after /chat a message of the bot); its later parts refer to the first part.
        for each in (refers_to, question):
            if each is None:
                continue
            channel = _channel(conversation, meta, each)
            try:
                entry = await self._states.entry(conversation, each)
            except Unreadable:
                return self._unanswered(self._link(channel, each), Decision(Cause.UNREADABLE, 0))
            if entry is not None and entry.reply:
                return self._made_of(entry, conversation, meta)
            if entry is not None or each in await self._states.of(channel, (each,)):
                return await self._about_persons_message(await self._fetched(channel, each))
        return why_view.FORGOTTEN

    async def _about_persons_message(self, target: Target) -> str:
        """Explain a message that a person wrote."""
        where = self._link(target.channel, target.id)
        state = (await self._states.of(target.channel, (target.id,))).get(target.id)
        home = target.channel if state is None else state.conversation
        meta = await self._services.conversations.meta(home)
        if home != target.channel and (meta is None or meta.parent != target.channel):
            return (
                why_view.UNKNOWN
            )  # the message is in another channel, which the person may not be allowed to read
        decision = (await self._services.decisions.of(target.channel, (target.id,))).get(target.id)
        if state is not None and state.state not in ENDED:
            return await self._waiting(where, target, home, meta, decision)
        if state is None and (started := await self._started_from(target)) is not None:
            home, meta = target.id, started  # the history is kept longer than the records of its messages
        try:
            entry = await self._states.entry(home, target.id)
        except Unreadable:
            return self._unanswered(where, Decision(Cause.UNREADABLE, 0))
        was_cancelled = state is not None and state.state is State.CANCELLED
        if entry is not None and entry.reply and not (was_cancelled and decision is not None):
            return await self._answered(where, entry, home, meta, decision)
        if state is None and decision is not None:  # the message never belonged to a conversation
            return self._decided(where, target, decision)
        if meta is not None and meta.floor is not None and target.id <= meta.floor:
            by = await self._reset_by(home, meta.floor) if self._names else None
            remark = why_view.was_reset(created_ms(meta.floor), by)
            return self._unanswered(where, Decision(Cause.BEFORE_RESET, 0), remark)
        if decision is not None:
            return self._decided(where, target, decision)
        if state is None and entry is None:
            return await self._by_the_rules(where, target)
        if entry is not None and entry.outcome == "removed" and not was_cancelled:
            return why_view.removed(where)
        cause = _cause(state, entry)
        return why_view.past(where) if cause is None else self._unanswered(where, Decision(cause, 0))

    async def _waiting(
        self, where: str, target: Target, home: int, meta: Meta | None, decision: Decision | None
    ) -> str:
        """Say what a message waits for."""
        if decision is not None and decision.reason == Cause.UNREADABLE:
            return self._unanswered(where, decision)
        waiting, behind = await self._states.waiting(home, target.id), None
        if waiting.turn is not None and not waiting.is_member:
            behind = self._link(_channel(home, meta, waiting.turn), waiting.turn)
        return why_view.waiting(where, waiting, decision, behind)

    async def _started_from(self, target: Target) -> Meta | None:
        """Return the metadata of the thread that was started from a message; None without such a thread."""
        meta = await self._services.conversations.meta(target.id)
        return meta if meta is not None and meta.parent == target.channel else None

    async def _reset_by(self, conversation: int, reset: int) -> int | None:
        """Return who reset a conversation, if the audit log says so; `reset` is the id of the interaction."""
        interaction = self._interaction
        home = interaction.guild_id or interaction.channel_id or 0
        for entry in await self._services.audit_log.latest(home, count=ACTS_READ):
            is_near = abs(entry.at_ms - created_ms(reset)) < ACT_WITHIN_MS
            if (entry.what, entry.target) == ("reset", conversation) and is_near:
                return entry.person
        return None

    async def _by_the_rules(self, where: str, target: Target) -> str:
        """Explain a message about which nothing is stored, by the rules as they are now."""
        message, me = target.message, self._interaction.client.user
        if message is None or me is None:
            return why_view.UNKNOWN
        is_old = why_view.age_of(target.id, self._services.clock.now_ms()) > DONE_RECORD_S
        decided = await self._services.judge(message, me)
        if isinstance(decided, Ignore) and decided.reason is Reason.BLOCKED:
            text = self._blocked(where, target, Decision(decided.reason, 0, origin=decided.origin))
            return f"{text}\n{wording.small(why_view.BY_TODAYS_RULES)}"
        if isinstance(decided, Ignore):
            remark = why_view.TOO_LONG_AGO if is_old else why_view.BY_TODAYS_RULES
            meta = await self._services.conversations.meta(target.channel)
            if decided.reason is Reason.NOT_MENTIONED and meta is not None and meta.left is not None:
                remark = why_view.was_left(created_ms(meta.left)) if target.id > meta.left else remark
            found = decided.origin
            if found is not None and (found.setting.at_ms or 0) > created_ms(target.id):
                remark = why_view.SET_SINCE
            # The operator's reply.when applies in the bot's threads only; elsewhere a mention is always needed.
            by_operator = decided.reason is not Reason.NOT_MENTIONED or (
                isinstance(message.channel, discord.Thread)
                and self._services.intake_policy().when == "mentioned"
            )
            decision = Decision(decided.reason, 0, origin=found)
            return self._unanswered(where, decision, remark, by_operator=by_operator)
        further = why_view.NO_TRACE_OLD if is_old else why_view.NO_TRACE_NEW
        return f"[This message]({where}): {why_view.NO_TRACE} {further}"

    def _decided(self, where: str, target: Target, decision: Decision) -> str:
        if decision.reason == Reason.BLOCKED:
            return self._blocked(where, target, decision)
        return self._unanswered(where, decision)

    def _blocked(self, where: str, target: Target, decision: Decision) -> str:
        """Explain a message of somebody who may not use the bot; only the author and admins learn the rule."""
        interaction, message = self._interaction, target.message
        place = target.channel if message is None else message.channel
        here = {_place_of(interaction.channel, interaction.channel_id), interaction.channel_id}
        is_here = target.channel in here or _place_of(place, target.channel) in here
        server = interaction.guild_id
        author = decision.person or (None if message is None else message.author.id)
        if author == interaction.user.id:
            return why_blocked.to_author(where, decision, server=server, is_here=is_here, names=self._names)
        if self._names:
            return why_blocked.to_admin(where, decision, server=server, is_here=is_here)
        return self._unanswered(where, replace(decision, origin=None), by_operator=False)

    async def _answered(
        self, where: str, entry: Turn, conversation: int, meta: Meta | None, decision: Decision | None
    ) -> str:
        shown = await self._states.shown(conversation, entry.id)
        reply = self._link(conversation, shown.replies[0]) if shown.replies else None
        halted = decision if shown.halted else None
        text = why_view.answered(where, reply, halted, is_direct=self._is_direct)
        return f"{text}\n{self._made_of(entry, conversation, meta)}"

    def _made_of(self, entry: Turn, conversation: int, meta: Meta | None) -> str:
        members = entry.members or (entry.id,)
        shown = members[: why_view.LINKS_MAX]
        links = [self._link(_channel(conversation, meta, each), each) for each in shown]
        more = len(members) - len(shown)
        return why_view.made_of(entry, links, forgotten=more, is_direct=self._is_direct)

    def _unanswered(
        self, where: str, decision: Decision, remark: str = "", *, by_operator: bool = True
    ) -> str:
        if decision.reason == Cause.PROXIED and decision.detail.isdecimal():
            channel = int(where.split("/")[-2])
            decision = replace(decision, detail=self._link(channel, int(decision.detail)))
        return why_view.unanswered(
            where,
            decision,
            self._services.operator_values,
            remark=remark,
            names=self._names,
            by_operator=by_operator,
            is_direct=self._is_direct,
        )

    async def _fetched(self, channel: int, message: int) -> Target:
        here = self._interaction.channel if channel == self._interaction.channel_id else None
        guild = self._interaction.guild
        if here is None and guild is not None:
            return await fetched(channel, message, guild.get_channel_or_thread(channel), self._interaction)
        return await fetched(channel, message, here, self._interaction)

    def _link(self, channel: int, message: int) -> str:
        return why_view.link(self._interaction.guild_id, channel, message)


def _place_of(channel: object, otherwise: int | None) -> int | None:
    """Return the id of the channel whose rules apply: of a thread, its parent."""
    return channel.parent_id if isinstance(channel, discord.Thread) else otherwise


def _channel(conversation: int, meta: Meta | None, message: int) -> int:
    """Return the channel of a message: the message from which a thread was started is in the parent channel."""
    parent = None if meta is None else meta.parent
    return parent if message == conversation and parent is not None else conversation


def _cause(state: MessageState | None, entry: Turn | None) -> Cause | None:
    """Return why an ended turn has no reply, None if the history entry that said so is gone."""
    if state is not None and state.state is State.CANCELLED:
        return Cause.DELETED
    if entry is None:
        return None
    return Cause.REFUSED if entry.outcome == "refused" else Cause.FAILED
