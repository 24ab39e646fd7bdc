"""A message's way in: from the event, or from a listing, to the inbox in the store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import discord
import structlog

from bot.conversation import prompt, wording
from bot.conversation.clock import Clock
from bot.conversation.decision import Cause
from bot.conversation.errors import DiscordError, StoreUnavailable
from bot.conversation.intake import Answer, Ignore, Reason
from bot.conversation.message import Message, Reference, created_ms
from bot.gateway.conversion import convert
from bot.gateway.conversion.inbox import to_inbox
from bot.gateway.conversion.parts import to_author
from bot.gateway.conversion.reference import to_reference
from bot.gateway.events.accepted import Accepted
from bot.gateway.events.changes import Changes
from bot.gateway.events.decider import NOBODY, Decider, EditEffect, is_in_unknown_server
from bot.gateway.events.decision_notes import DecisionNotes
from bot.gateway.events.limit_check import LimitCheck
from bot.gateway.events.outage_buffer import OutageBuffer
from bot.gateway.events.proxies import Proxies
from bot.gateway.events.questions import Questions
from bot.gateway.events.thread_permission import ThreadPermission
from bot.render.outbox import Outbox, Outgoing
from bot.store.conversations import Conversations
from bot.store.person_limits import PersonLimits
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()

FRESH_MS = 10_000
"""Between a message and its event hardly anybody is forgotten."""


class Gate(Protocol):
    """Holds back messages of people who have not agreed to what is kept of them."""

    async def holds_back(self, message: discord.Message, person: int | None) -> bool:
        """Whether a message is left alone; `person` is its author, None if unknown."""
        ...

    async def admits_edits(self, person: int) -> bool:
        """Whether the edits of a person are applied."""
        ...


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
        self._conversations = conversations
        self._dispatcher = dispatcher
        self._outbox = outbox
        self._decider = decider
        self._changes = changes
        self._proxies = proxies
        self._questions = questions
        self._outage_buffer = outage_buffer
        self._clock = clock
        self._max_age_s = max_age_s
        self._asks_titles = asks_titles
        self._on_decision = on_decision
        self._notes = notes or DecisionNotes(clock)
        self._gate = gate
        self._notified_channels: set[int] = set()
        self._limit_check = LimitCheck(limits, self._notify, self._notes, on_decision, clock)
        self._threads = ThreadPermission(self._notify, self._notes, on_decision, decider.members)

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

    def _reference(self, message: discord.Message, me: discord.ClientUser) -> Reference | None:
        now_ms = self._clock.now_ms()
        return to_reference(message, me.id, now_ms=now_ms, proxies=self._proxies.applications)

    async def _notify_of_outage(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Tell a channel, once an outage, that answers come late, where the store is not needed to decide on them."""
        channel = message.channel
        if channel.id in self._notified_channels or is_in_unknown_server(message):
            return
        self._notified_channels.add(channel.id)
        if self._decider.is_answered_by_what_is_known(message, me):
            is_direct = message.guild is None
            await self._notify(
                message, wording.STORE_DOWN_IN_DMS if is_direct else wording.STORE_DOWN_FOR_NOW
            )

    async def _accept_unless_deleted(self, message: discord.Message, me: discord.ClientUser) -> int | None:
        return None if self._outage_buffer.is_discarded(message.id) else await self._accept(message, me)

    async def _accept(
        self, message: discord.Message, me: discord.ClientUser, *, source: str = "event"
    ) -> int | None:
        decided = await self._decided(message, me, source)
        if decided is None:
            return None
        accept = self._accept_copy if self._proxies.is_proxied(message) else self._accept_own
        return await accept(message, decided, me, source)

    async def _accept_own(
        self, message: discord.Message, decided: Accepted, me: discord.ClientUser, source: str
    ) -> int | None:
        """Accept a message that its author has posted; an application may have posted a copy of it already."""
        # Before anything of the message is stored: the search for a copy notes the text.
        if self._may_be_forgotten(message, source) and await self._is_forgotten(message, message.author.id):
            return None
        refused = await self._decider.refusal(message, decided.settings)
        if refused is None and not await self._may_be_stored(message, decided):
            return None
        # Also of a refused message: its author may have the same posted by a proxy.
        copy = await self._counterpart(message, decided, me)
        if refused is not None:
            await self._ignore_refused(message, refused, copy, decided)
            return None
        if copy is None:
            return await self._store(message, decided, me, source)
        self._on_decision("proxied")
        await self._notes.unanswered(message, Cause.PROXIED, str(copy.id))
        log.info("original_ignored", message=message.id, copy=copy.id)
        return None

    async def _may_be_stored(self, message: discord.Message, decided: Accepted) -> bool:
        return (
            await self._threads.has_place(message, decided)
            and await self._threads.is_held(message, decided)
            and not await self._is_held_back(message, message.author.id)
        )

    async def _accept_copy(
        self, message: discord.Message, decided: Accepted, me: discord.ClientUser, source: str
    ) -> int | None:
        """Accept a message that an application has posted for a person, who is known if the original was seen."""
        if not await self._threads.has_place(message, decided):
            return None
        original = await self._counterpart(message, decided, me)
        author = NOBODY if original is None else original.author.id
        if self._may_be_forgotten(message, source) and await self._is_forgotten(message, author):
            await self._proxies.discard(message)
            return None
        refused = await self._decider.refusal(message, decided.settings, person=author)
        if refused is None and await self._is_held_back(message, author or None):
            await self._proxies.discard(message)
            return None
        if refused is not None:
            await self._ignore_refused(message, refused, None, decided, person=author or None)
            return None
        if original is not None:
            await self._notes.missed(message.channel.id, (original.id,), Cause.PROXIED, str(message.id))
            await self._withdraw(original, message, decided.answer)
        # The permission to open a thread is that of the original's author, where the original was seen.
        elif not await self._threads.is_held(message, decided):
            return None
        return await self._store(message, decided, me, source, original=original)

    async def _counterpart(
        self, message: discord.Message, decided: Accepted, me: discord.ClientUser
    ) -> Message | None:
        conversation = message.id if decided.answer.opens_thread else message.channel.id
        return await self._proxies.counterpart(message, conversation, self._reference(message, me))

    async def _decided(
        self, message: discord.Message, me: discord.ClientUser, source: str
    ) -> Accepted | None:
        decided = await self._decider.decide(message, me)
        if not isinstance(decided, Ignore):
            return decided
        self._on_decision(decided.reason.value)
        await self._notes.ignored(message, decided)
        if decided.reason is Reason.TYPED_COMMAND and source == "event":
            await self._notify(message, wording.TYPED_COMMAND)
        return None

    def _may_be_forgotten(self, message: discord.Message, source: str) -> bool:
        """Whether the author may be forgotten since: asked once a message is stored, of older ones before as well.

        The original of a proxied message has to be noted without delay.
        """
        is_fresh = self._clock.now_ms() - created_ms(message.id) < FRESH_MS
        return source != "event" or not is_fresh

    async def _is_forgotten(self, message: discord.Message, person: int) -> bool:
        if not await self._decider.is_forgotten(message, person):
            return False
        self._on_decision(Reason.FORGOTTEN.value)
        log.info("message_left_out", message=message.id, reason=Reason.FORGOTTEN.value)
        return True

    async def _is_held_back(self, message: discord.Message, person: int | None) -> bool:
        if self._gate is None or not await self._gate.holds_back(message, person):
            return False
        self._on_decision(Reason.NO_CONSENT.value)
        await self._notes.ignored(message, Ignore(Reason.NO_CONSENT))
        log.info("message_held_back", message=message.id, reason=Reason.NO_CONSENT.value)
        return True

    async def _ignore_refused(
        self,
        message: discord.Message,
        refused: Ignore,
        copy: Message | None,
        accepted: Accepted,
        *,
        person: int | None = None,
    ) -> None:
        """Ignore a message, and the copy of it that an application has posted before the original was seen.

        `person` is for whom the message was posted, if it is such a copy.
        """
        self._on_decision(refused.reason.value)
        await self._notes.ignored(message, refused, person=person)
        log.debug("message_ignored", message=message.id, reason=refused.reason.value)
        if copy is not None:
            await self._withdraw(copy, message, accepted.answer)

    async def _withdraw(self, counterpart: Message, message: discord.Message, answer: Answer) -> None:
        in_thread = not answer.opens_thread
        await self._proxies.withdraw(counterpart, channel=message.channel.id, in_thread=in_thread)

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
        counted = message.id if original is None else original.id  # a copy opens no second thread
        unknown = original is None and self._proxies.is_proxied(message)
        person = None if unknown else asker
        if await self._limit_check.leaves_out(message, accepted, source, person=person, counted=counted):
            return None
        roles = await self._decider.limited_roles(message, accepted.settings, person=person)
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
            roles=roles or (() if original is None else original.roles),
        )
        is_new = await self._conversations.receive(
            conversation,
            converted,
            source=source,
            channel_fields=accepted.fields(message, me.id, asker),
            asker=asker,
        )
        if is_new and person is not None and await self._is_forgotten(message, person):
            # The person was forgotten just now, and the search may have passed this conversation before.
            await self._changes.take_back(conversation, message.id)
            await self._proxies.discard(message)
            return None
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
