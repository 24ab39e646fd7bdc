"""The decision on a message, in order: what is left out, what is refused, what is stored."""

from __future__ import annotations

from collections.abc import Callable

import discord
import structlog

from bot.conversation import wording
from bot.conversation.clock import Clock
from bot.conversation.decision import Cause
from bot.conversation.intake import Answer, Ignore, Reason
from bot.conversation.message import Message, created_ms
from bot.gateway.events.accepted import Accepted
from bot.gateway.events.decider import NOBODY, Decider
from bot.gateway.events.decision_notes import DecisionNotes
from bot.gateway.events.gate import Gate
from bot.gateway.events.inbox_writer import InboxWriter
from bot.gateway.events.message_notice import MessageNotices
from bot.gateway.events.proxies import Proxies
from bot.gateway.events.ruled_out import RuledOut
from bot.gateway.events.thread_permission import ThreadPermission

log = structlog.get_logger()

FRESH_MS = 10_000
"""Between a message and its event hardly anybody is forgotten."""


class Acceptance:
    """Accepts messages; see `Intake` for the parameters."""

    def __init__(
        self,
        decider: Decider,
        proxies: Proxies,
        threads: ThreadPermission,
        writer: InboxWriter,
        notices: MessageNotices,
        notes: DecisionNotes,
        clock: Clock,
        *,
        on_decision: Callable[[str], None],
        gate: Gate | None,
    ) -> None:
        self._decider = decider
        self._proxies = proxies
        self._threads = threads
        self._writer = writer
        self._notices = notices
        self._notes = notes
        self._clock = clock
        self._on_decision = on_decision
        self._gate = gate
        self._ruled_out = RuledOut()

    async def accept(
        self, message: discord.Message, me: discord.ClientUser, *, source: str = "event"
    ) -> int | None:
        """Decide on a message and store it if it is to be answered; returns its conversation then."""
        if source != "event" and self._ruled_out.holds(message):
            return None
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
        if self._may_be_forgotten(message, source) and await self._writer.is_forgotten(
            message, message.author.id
        ):
            return None
        refused = await self._decider.refusal(message, decided.settings)
        if refused is None and not await self._may_be_stored(message, decided, source):
            return None
        # Also of a refused message: its author may have the same posted by a proxy.
        copy = await self._counterpart(message, decided, me)
        if refused is not None:
            await self._ignore_refused(message, refused, copy, decided, source)
            return None
        if copy is None:
            return await self._writer.store(message, decided, me, source)
        self._count("proxied", source)
        await self._notes.unanswered(message, Cause.PROXIED, str(copy.id))
        log.info("original_ignored", message=message.id, copy=copy.id)
        return None

    async def _may_be_stored(self, message: discord.Message, decided: Accepted, source: str) -> bool:
        return (
            await self._threads.has_place(message, decided)
            and await self._threads.is_held(message, decided)
            and not await self._is_held_back(message, message.author.id, source)
        )

    async def _accept_copy(
        self, message: discord.Message, decided: Accepted, me: discord.ClientUser, source: str
    ) -> int | None:
        """Accept a message that an application has posted for a person, who is known if the original was seen."""
        if not await self._threads.has_place(message, decided):
            return None
        original = await self._counterpart(message, decided, me)
        author = NOBODY if original is None else original.author.id
        if self._may_be_forgotten(message, source) and await self._writer.is_forgotten(message, author):
            await self._proxies.discard(message)
            return None
        refused = await self._decider.refusal(message, decided.settings, person=author)
        if refused is None and await self._is_held_back(message, author or None, source):
            await self._proxies.discard(message)
            return None
        if refused is None and original and not await self._proxies.is_gone(original, message):
            # Whoever had it posted, that may be anybody.
            refused, author = Ignore(Reason.REPEATED), NOBODY
        if refused is not None:
            if author == NOBODY:  # its original is answered if it comes after all
                await self._proxies.discard(message)
            await self._ignore_refused(message, refused, None, decided, source, person=author or None)
            return None
        if original is not None:
            await self._notes.missed(message.channel.id, (original.id,), Cause.PROXIED, str(message.id))
            await self._withdraw(original, message, decided.answer)
        # The permission to open a thread is that of the original's author, where the original was seen.
        elif not await self._threads.is_held(message, decided):
            return None
        return await self._writer.store(message, decided, me, source, original=original)

    async def _counterpart(
        self, message: discord.Message, decided: Accepted, me: discord.ClientUser
    ) -> Message | None:
        conversation = message.id if decided.answer.opens_thread else message.channel.id
        return await self._proxies.counterpart(message, conversation, self._writer.reference(message, me))

    async def _decided(
        self, message: discord.Message, me: discord.ClientUser, source: str
    ) -> Accepted | None:
        decided = await self._decider.decide(message, me)
        if not isinstance(decided, Ignore):
            return decided
        await self._note(message, decided, source)
        if decided.reason is Reason.TYPED_COMMAND and source == "event":
            await self._notices.post(message, wording.TYPED_COMMAND)
        return None

    def _may_be_forgotten(self, message: discord.Message, source: str) -> bool:
        """Whether the author may be forgotten since: asked once a message is stored, of older ones before as well.

        The original of a proxied message has to be noted without delay.
        """
        is_fresh = self._clock.now_ms() - created_ms(message.id) < FRESH_MS
        return source != "event" or not is_fresh

    async def _note(
        self, message: discord.Message, ignored: Ignore, source: str, *, person: int | None = None
    ) -> None:
        self._count(ignored.reason.value, source)
        if source == "event":
            self._ruled_out.note(message, ignored)
        await self._notes.ignored(message, ignored, person=person)

    def _count(self, decision: str, source: str) -> None:
        """Count a message that is not answered. A listing finds nearly all of them again, soon after their event."""
        if source == "event":
            self._on_decision(decision)

    async def _is_held_back(self, message: discord.Message, person: int | None, source: str) -> bool:
        if self._gate is None or not await self._gate.holds_back(message, person):
            return False
        self._count(Reason.NO_CONSENT.value, source)
        await self._notes.ignored(message, Ignore(Reason.NO_CONSENT))
        log.info("message_held_back", message=message.id, reason=Reason.NO_CONSENT.value)
        return True

    async def _ignore_refused(
        self,
        message: discord.Message,
        refused: Ignore,
        copy: Message | None,
        accepted: Accepted,
        source: str,
        *,
        person: int | None = None,
    ) -> None:
        """Ignore a message, and the copy of it that an application has posted before the original was seen.

        `person` is for whom the message was posted, if it is such a copy.
        """
        await self._note(message, refused, source, person=person)
        log.debug("message_ignored", message=message.id, reason=refused.reason.value)
        if copy is not None:
            await self._withdraw(copy, message, accepted.answer)

    async def _withdraw(self, counterpart: Message, message: discord.Message, answer: Answer) -> None:
        in_thread = not answer.opens_thread
        await self._proxies.withdraw(counterpart, channel=message.channel.id, in_thread=in_thread)
