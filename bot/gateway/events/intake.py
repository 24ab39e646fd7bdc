"""A message's way in: from the event, or from a listing, to the inbox in the store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import discord
import structlog

from bot.conversation import wording
from bot.conversation.clock import Clock
from bot.conversation.errors import StoreUnavailable
from bot.conversation.intake import Ignore
from bot.conversation.message import created_ms
from bot.gateway.events.acceptance import Acceptance
from bot.gateway.events.accepted import Accepted
from bot.gateway.events.changes import Changes
from bot.gateway.events.decider import NOBODY, Decider, EditEffect, is_in_unknown_server
from bot.gateway.events.decision_notes import DecisionNotes
from bot.gateway.events.gate import Gate
from bot.gateway.events.inbox_writer import InboxWriter
from bot.gateway.events.limit_check import LimitCheck
from bot.gateway.events.message_notice import MessageNotices
from bot.gateway.events.outage_buffer import OutageBuffer
from bot.gateway.events.proxies import Proxies
from bot.gateway.events.questions import Questions
from bot.gateway.events.thread_permission import ThreadPermission
from bot.render.outbox import Outbox
from bot.store.conversations import Conversations
from bot.store.person_limits import PersonLimits
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()


class Intake:
    """Puts the messages that are to be answered into the inbox.

    A listed or edited message is answered up to `max_age_s` after it was written. With `asks_titles` Claude is asked
    for the name of each new thread. `on_decision` gets the label of each decision, `notes` what people may ask about.
    """

    def __init__(
        self,
        conversations: Conversations,
        dispatcher: Dispatcher,
        outbox: Outbox,
        decider: Decider,
        changes: Changes,
        proxies: Proxies,
        questions: Questions,
        outage_buffer: OutageBuffer,
        clock: Clock,
        limits: PersonLimits,
        *,
        max_age_s: float,
        asks_titles: bool = False,
        on_decision: Callable[[str], None] = lambda _: None,
        notes: DecisionNotes | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._dispatcher = dispatcher
        self._decider = decider
        self._changes = changes
        self._proxies = proxies
        self._questions = questions
        self._outage_buffer = outage_buffer
        self._clock = clock
        self._max_age_s = max_age_s
        self._gate = gate
        self._notified_channels: set[int] = set()
        notes = notes or DecisionNotes(clock)
        self._notices = MessageNotices(outbox)
        self._limit_check = LimitCheck(limits, self._notices.post, notes, on_decision, clock)
        writer = InboxWriter(
            conversations,
            dispatcher,
            decider,
            changes,
            proxies,
            self._limit_check,
            clock,
            asks_titles=asks_titles,
            on_decision=on_decision,
        )
        threads = ThreadPermission(self._notices.post, notes, on_decision, decider.members)
        self._acceptance = Acceptance(
            decider,
            proxies,
            threads,
            writer,
            self._notices,
            notes,
            clock,
            on_decision=on_decision,
            gate=gate,
        )

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
            if accepted is not None and not self._outage_buffer.is_holding:
                self._notified_channels.clear()  # the store is back, and nothing is late any more

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
        return await self._acceptance.accept(message, me, source="listing")

    def deleted(self, message: int) -> None:
        """Note that a message was deleted, before the deletion is applied: that may wait behind other messages."""
        self._proxies.deleted(message)

    def wake(self, conversation: int) -> None:
        """Wake a conversation's worker."""
        self._dispatcher.wake(conversation)

    async def would_answer(self, message: discord.Message, me: discord.ClientUser) -> bool:
        """Whether a message would be answered; does not accept it."""
        return message.author.id != me.id and isinstance(await self.judge(message, me), Accepted)

    async def judge(self, message: discord.Message, me: discord.ClientUser) -> Accepted | Ignore | None:
        """Decide on a message by the rules as they are now; None if its server or its channel is unknown."""
        return await self._decider.judge(message, me)

    def is_by_a_person(self, message: discord.Message) -> bool:
        """Whether a person has written a message, perhaps through a proxy."""
        return self._decider.is_by_a_person(message)

    async def edit_effect(self, message: discord.Message) -> EditEffect:
        """Say what the edit of a message may do; that of a paused person has nothing answered again."""
        effect = await self._decider.edit_effect(message)
        person = await self._person(message)
        if self._gate is not None and person is not None and not await self._gate.admits_edits(person):
            # Nothing of the text is applied; its author is asked for consent if it is for the bot now.
            return EditEffect.NOTHING if effect is EditEffect.NOTHING else EditEffect.ACCEPT
        with suppress(StoreUnavailable):  # what was forgotten is not found later either
            if await self._decider.is_forgotten(message):
                return EditEffect.NOTHING
        if effect is EditEffect.ANSWER and await self._limit_check.is_paused(message, person):
            return EditEffect.STORE
        return effect

    async def _person(self, message: discord.Message) -> int | None:
        """Return who wrote a message that is edited; None for a proxied one whose author is not known."""
        if not self._proxies.is_proxied(message):
            return message.author.id
        try:
            person = await self._decider.author(message)
        except StoreUnavailable:
            return None
        return None if person in (NOBODY, message.author.id) else person

    async def _notify_of_outage(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Tell a channel, once an outage, that answers come late, where the store is not needed to decide on them."""
        channel = message.channel
        if channel.id in self._notified_channels or is_in_unknown_server(message):
            return
        self._notified_channels.add(channel.id)
        if self._decider.is_answered_by_what_is_known(message, me):
            is_direct = message.guild is None
            await self._notices.post(
                message, wording.STORE_DOWN_IN_DMS if is_direct else wording.STORE_DOWN_FOR_NOW
            )

    async def _accept_unless_deleted(self, message: discord.Message, me: discord.ClientUser) -> int | None:
        return (
            None
            if self._outage_buffer.is_discarded(message.id)
            else await self._acceptance.accept(message, me)
        )
