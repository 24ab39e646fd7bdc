"""A message's way in: from the event, or from a listing, to the inbox in the store."""

from __future__ import annotations

from collections.abc import Callable, Container

import discord
import structlog

from bot.conversation import prompt, wording
from bot.conversation.clock import Clock
from bot.conversation.decision import Cause
from bot.conversation.errors import DiscordError, StoreUnavailable
from bot.conversation.intake import Answer, Facts, Ignore, Policy, Reason, Where, decide
from bot.conversation.message import Message, Reference, created_ms
from bot.gateway import permissions
from bot.gateway.conversion import convert
from bot.gateway.conversion.inbox import to_inbox
from bot.gateway.conversion.parts import to_author
from bot.gateway.conversion.reference import to_reference
from bot.gateway.events import lookup
from bot.gateway.events.accepted import Accepted
from bot.gateway.events.changes import Changes
from bot.gateway.events.decision_notes import DecisionNotes
from bot.gateway.events.outage_buffer import OutageBuffer
from bot.gateway.events.proxies import Proxies
from bot.gateway.events.questions import Questions
from bot.gateway.events.thread_kind import thread_kind
from bot.render.outbox import Outbox, Outgoing
from bot.store.conversations import Conversations
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()

THREAD_PARENTS = (discord.ChannelType.text, discord.ChannelType.news)
"""The channels in which a thread can be started from a message (Discord, topics/threads)."""


class Intake:
    """Decides on every message, and puts those to answer into the inbox.

    `commands` are the names of the slash commands. A listed or edited message is answered up to `max_age_s` after it
    was written. With `asks_titles` Claude is asked for the name of each new thread. `on_decision` gets the label of
    each decision, `notes` what people may ask about.
    """

    def __init__(
        self,
        conversations: Conversations,
        dispatcher: Dispatcher,
        outbox: Outbox,
        policy: Policy,
        changes: Changes,
        proxies: Proxies,
        questions: Questions,
        outage_buffer: OutageBuffer,
        clock: Clock,
        *,
        commands: Container[str],
        max_age_s: float,
        asks_titles: bool = False,
        on_decision: Callable[[str], None] = lambda _: None,
        notes: DecisionNotes | None = None,
    ) -> None:
        self._conversations = conversations
        self._dispatcher = dispatcher
        self._outbox = outbox
        self._policy = policy
        self._changes = changes
        self._proxies = proxies
        self._questions = questions
        self._outage_buffer = outage_buffer
        self._clock = clock
        self._commands = commands
        self._max_age_s = max_age_s
        self._asks_titles = asks_titles
        self._on_decision = on_decision
        self._notes = notes or DecisionNotes(clock)
        self._notified_channels: set[int] = set()

    async def accept(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Decide on a message of an event; it is in the store before anything else happens."""
        if message.author.id == me.id:
            return
        try:
            with self._outage_buffer.accepting(message.id):
                await self._changes.wait_for_deletions(message.channel.id)
                accepted = await self._outage_buffer.run(
                    lambda: self._accept_unless_deleted(message, me),
                    on_failure=lambda error: log.warning(
                        "store_unavailable", message=message.id, detail=str(error)
                    ),
                    on_late=lambda: self._notify_of_outage(message, me),
                )
        except StoreUnavailable:
            log.warning(
                "message_not_buffered",
                message=message.id,
                hint="too many messages wait for the store; a listing finds most of them later",
            )
            await self._notify_of_outage(message, me)
        else:
            if accepted is not None:
                self._notified_channels.clear()  # the store is back

    async def accept_edited(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Accept an edited message that no conversation holds: the edit may have added the mention.

        Up to the same age as a listed message, since a listing would show the new text as well.
        """
        if self._clock.now_ms() - created_ms(message.id) < self._max_age_s * 1000:
            await self.accept(message, me)

    async def accept_listed(self, message: discord.Message, me: discord.ClientUser) -> int | None:
        """Accept a message of a listing; returns its conversation if the store holds the message now.

        The caller wakes the conversation after the last message, so that one turn answers them together.
        """
        if message.author.id == me.id:
            await self._questions.check(message, me.id)
            return None
        return await self._accept(message, me, source="listing")

    def deleted(self, message: int) -> None:
        """Note that a message was deleted, after the deletion is applied."""
        self._proxies.deleted(message)

    def wake(self, conversation: int) -> None:
        """Wake a conversation's worker."""
        self._dispatcher.wake(conversation)

    async def would_answer(self, message: discord.Message, me: discord.ClientUser) -> bool:
        """Whether a message would be answered; does not accept it."""
        return message.author.id != me.id and isinstance(await self.judge(message, me), Accepted)

    async def judge(self, message: discord.Message, me: discord.ClientUser) -> Accepted | Ignore | None:
        """Decide on a message by the rules as they are now; None if its server or its channel is unknown."""
        if _is_in_unknown_server(message):
            log.warning("server_unknown", message=message.id)
            return None
        channel = await lookup.channel_of(message)
        if channel is None:
            return None
        where = await self._where(message, channel, me)
        decision = decide(self._facts(message, where, me), self._policy)
        if isinstance(decision, Ignore):
            log.debug("message_ignored", message=message.id, reason=decision.reason.value)
            return decision
        return Accepted(channel, where, decision)

    def is_by_a_person(self, message: discord.Message) -> bool:
        """Whether a person has written a message, perhaps through a proxy."""
        return convert.is_by_a_person(message, self._proxies.applications)

    def _facts(self, message: discord.Message, where: Where, me: discord.ClientUser) -> Facts:
        return convert.facts(message, where, me, self._commands, self._proxies.applications)

    def _reference(self, message: discord.Message, me: discord.ClientUser) -> Reference | None:
        now_ms = self._clock.now_ms()
        return to_reference(message, me.id, now_ms=now_ms, proxies=self._proxies.applications)

    async def _where(self, message: discord.Message, channel: object, me: discord.ClientUser) -> Where:
        if message.guild is None:
            return Where.DIRECT
        if not isinstance(channel, discord.Thread):
            return Where.CHANNEL
        meta = await self._conversations.meta(channel.id)
        return thread_kind(channel, me.id, meta, message.id)

    async def _notify_of_outage(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Tell a channel, once an outage, that answers come late, where the store is not needed to decide on them."""
        channel = message.channel
        if channel.id in self._notified_channels or _is_in_unknown_server(message):
            return
        self._notified_channels.add(channel.id)
        where = Where.DIRECT
        if message.guild is not None:
            if isinstance(channel, discord.PartialMessageable):
                return
            where = Where.CHANNEL
            if isinstance(channel, discord.Thread):
                where = Where.OWN_THREAD if channel.owner_id == me.id else Where.OTHER_THREAD
        if isinstance(decide(self._facts(message, where, me), self._policy), Answer):
            is_direct = where is Where.DIRECT
            await self._notify(
                message, wording.STORE_DOWN_IN_DMS if is_direct else wording.STORE_DOWN_FOR_NOW
            )

    async def _accept_unless_deleted(self, message: discord.Message, me: discord.ClientUser) -> int | None:
        return None if self._outage_buffer.is_discarded(message.id) else await self._accept(message, me)

    async def _accept(
        self, message: discord.Message, me: discord.ClientUser, *, source: str = "event"
    ) -> int | None:
        decided = await self.judge(message, me)
        if isinstance(decided, Ignore):
            self._on_decision(decided.reason.value)
            await self._notes.ignored(message, decided)
            if decided.reason is Reason.TYPED_COMMAND and source == "event":
                await self._notify(message, wording.TYPED_COMMAND)
            return None
        if decided is None:
            return None
        if decided.answer.opens_thread and getattr(decided.channel, "type", None) not in THREAD_PARENTS:
            await self._notes.unanswered(message, Cause.NO_THREADS_HERE)
            await self._notify(message, wording.NO_THREADS_HERE)
            return None
        is_proxied = self._proxies.is_proxied(message)
        if not is_proxied and not await self._may_begin(message, decided.answer):
            return None
        conversation = message.id if decided.answer.opens_thread else message.channel.id
        counterpart = await self._proxies.counterpart(message, conversation, self._reference(message, me))
        if counterpart is None:
            # The permission to open a thread is that of the original's author, where the original was seen.
            if is_proxied and not await self._may_begin(message, decided.answer):
                return None
            return await self._store(message, decided, me, source)
        if not is_proxied:
            self._on_decision("proxied")
            await self._notes.unanswered(message, Cause.PROXIED, str(counterpart.id))
            log.info("original_ignored", message=message.id, copy=counterpart.id)
            return None
        await self._notes.missed(message.channel.id, (counterpart.id,), Cause.PROXIED, str(message.id))
        in_thread = not decided.answer.opens_thread
        await self._proxies.withdraw(counterpart, channel=message.channel.id, in_thread=in_thread)
        return await self._store(message, decided, me, source, original=counterpart)

    async def _may_begin(self, message: discord.Message, answer: Answer) -> bool:
        return not answer.opens_thread or await self._may_open_thread(message)

    async def _may_open_thread(self, message: discord.Message) -> bool:
        """Whether the author may open a thread themselves; tells them which permission they lack."""
        held = await lookup.author_permissions(message)
        if held is None:
            log.info("author_left", message=message.id)
            await self._notes.unanswered(message, Cause.AUTHOR_LEFT)
            return False
        lacking = permissions.person_lacks(held)
        if lacking is not None:
            log.info("author_lacks_permission", message=message.id, permission=lacking)
            self._on_decision("may_not_open")
            await self._notes.unanswered(message, Cause.MAY_NOT_OPEN, lacking)
            await self._notify(message, wording.may_not(lacking))
        return lacking is None

    async def _store(
        self,
        message: discord.Message,
        accepted: Accepted,
        me: discord.ClientUser,
        source: str,
        *,
        original: Message | None = None,
    ) -> int | None:
        # A webhook uses no command and presses no button: the person who wrote the original does.
        asker = message.author.id if original is None else original.author.id
        conversation, opens = message.channel.id, None
        if accepted.answer.opens_thread:
            # A thread has the id of the message that it is started from, so the conversation can be stored before
            # the thread exists (Discord, "Start Thread from Message").
            conversation = message.id
            opens = prompt.thread_name(convert.title(message, me.id), to_author(message.author).name)
        converted = to_inbox(
            message,
            accepted.where,
            self._reference(message, me),
            opens=opens,
            asks_title=self._asks_titles and opens is not None,
            is_proxied=self._proxies.is_proxied(message),
            original=original,
        )
        is_new = await self._conversations.receive(
            conversation,
            converted,
            source=source,
            channel_fields=accepted.fields(message, me.id, asker),
            asker=asker,
        )
        if is_new:
            self._on_decision("opens_thread" if accepted.answer.opens_thread else "answer")
            log.info(
                "message_received",
                conversation=conversation,
                message=message.id,
                where=accepted.where.value,
                source=source,
            )
        if source == "event":
            self._dispatcher.wake(conversation)
        return None if is_new is None else conversation

    async def _notify(self, message: discord.Message, sentence: str) -> None:
        try:
            await self._outbox.send(
                message.channel.id,
                Outgoing(wording.small(sentence), nonce=f"{message.id}-s", reply_to=message.id, silent=True),
            )
        except DiscordError as error:
            log.warning("notice_failed", message=message.id, kind=type(error).__name__)


def _is_in_unknown_server(message: discord.Message) -> bool:
    """Whether a message looks like a direct message only because discord.py does not know its server."""
    return message.guild is None and getattr(message.channel, "guild_id", None) is not None
