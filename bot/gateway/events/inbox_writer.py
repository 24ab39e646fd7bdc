"""Writes accepted messages into the inbox of their conversations."""

from __future__ import annotations

from collections.abc import Callable

import discord
import structlog

from bot.conversation import prompt
from bot.conversation.clock import Clock
from bot.conversation.intake import Reason
from bot.conversation.message import Message, Reference
from bot.gateway.conversion import convert
from bot.gateway.conversion.inbox import to_inbox
from bot.gateway.conversion.parts import to_author
from bot.gateway.conversion.reference import to_reference
from bot.gateway.events.accepted import Accepted
from bot.gateway.events.changes import Changes
from bot.gateway.events.decider import Decider
from bot.gateway.events.limit_check import LimitCheck
from bot.gateway.events.proxies import Proxies
from bot.store.conversations import Conversations
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()


class InboxWriter:
    """Stores messages and wakes their conversations; see `Intake` for the parameters."""

    def __init__(
        self,
        conversations: Conversations,
        dispatcher: Dispatcher,
        decider: Decider,
        changes: Changes,
        proxies: Proxies,
        limit_check: LimitCheck,
        clock: Clock,
        *,
        asks_titles: bool,
        on_decision: Callable[[str], None],
    ) -> None:
        self._conversations = conversations
        self._dispatcher = dispatcher
        self._decider = decider
        self._changes = changes
        self._proxies = proxies
        self._limit_check = limit_check
        self._clock = clock
        self._asks_titles = asks_titles
        self._on_decision = on_decision

    async def store(
        self,
        message: discord.Message,
        accepted: Accepted,
        me: discord.ClientUser,
        source: str,
        *,
        original: Message | None = None,
    ) -> int | None:
        """Store a message; returns its conversation if the store holds the message now."""
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
            self.reference(message, me),
            opens=opens,
            asks_title=self._asks_titles and opens is not None,
            is_proxied=self._proxies.is_proxied(message),
            original=original,
            roles=roles or (() if original is None else original.roles),
        )
        is_new, forgotten_until = await self._conversations.receive_from(
            person,
            conversation,
            converted,
            source=source,
            channel_fields=accepted.fields(message, me.id, asker),
            asker=asker,
        )
        if is_new and message.id <= forgotten_until:
            self._note_forgotten(message)
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

    def reference(self, message: discord.Message, me: discord.ClientUser) -> Reference | None:
        """Return what a message replies to."""
        now_ms = self._clock.now_ms()
        return to_reference(message, me.id, now_ms=now_ms, proxies=self._proxies.applications)

    async def is_forgotten(self, message: discord.Message, person: int) -> bool:
        """Whether the author of a message is forgotten since it was written."""
        is_forgotten = await self._decider.is_forgotten(message, person)
        if is_forgotten:
            self._note_forgotten(message)
        return is_forgotten

    def _note_forgotten(self, message: discord.Message) -> None:
        self._on_decision(Reason.FORGOTTEN.value)
        log.info("message_left_out", message=message.id, reason=Reason.FORGOTTEN.value)
