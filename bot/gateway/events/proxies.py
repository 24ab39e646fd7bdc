"""Proxied messages and their originals: one answer, to the proxied message.

The bot cannot know that a message will be proxied, so the original may be waiting, being answered or answered when
its copy comes; the copy may also come first. Anybody can have an application post what another person has just said,
so a message is the original only once it is deleted: then what was answered to it alone is withdrawn. The copy waits
for that; where the message stands, it has the answer.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace

import discord
import structlog

from bot.conversation.clock import Clock
from bot.conversation.errors import DiscordError, StoreUnavailable
from bot.conversation.message import Message, Reference
from bot.conversation.proxy import copy_of, original_of
from bot.gateway.conversion import convert
from bot.gateway.events.deletions import Deletions
from bot.gateway.events.wait_until_done import POLL_S, wait_until_done
from bot.store.recent_messages import RecentMessages
from bot.store.revisions import Change, Revisions
from bot.store.turn_control import TurnControl
from bot.store.wakeups import Wakeups
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()

REMEMBERED = 1000
"""Originals whose deletion is expected; each follows within seconds."""


class Proxies:
    """Pairs proxied messages with their originals; `applications` are the ids of the applications that proxy.

    `remove_thread` removes a thread in which nobody but the bot has written.
    """

    def __init__(
        self,
        applications: Collection[int],
        recent: RecentMessages,
        revisions: Revisions,
        control: TurnControl,
        dispatcher: Dispatcher,
        wakeups: Wakeups,
        remove_thread: Callable[[int], Awaitable[None]],
        clock: Clock,
        *,
        poll_s: float = POLL_S,
    ) -> None:
        self.applications = applications
        self._recent = recent
        self._revisions = revisions
        self._control = control
        self._dispatcher = dispatcher
        self._wakeups = wakeups
        self._remove_thread = remove_thread
        self._poll_s = poll_s
        self._withdrawn: OrderedDict[int, None] = OrderedDict()
        self._deletions = Deletions(clock)
        self._removing: set[asyncio.Task[None]] = set()

    def is_proxied(self, message: discord.Message) -> bool:
        """Whether a message was posted for somebody by one of the applications."""
        return convert.is_proxied(message, self.applications)

    async def counterpart(
        self, message: discord.Message, conversation: int, reference: Reference | None
    ) -> Message | None:
        """Note a message that is about to be received; return the original of a copy, or the copy of an original.

        The copy of a message gets its `reference`.
        """
        if message.guild is None or not self.applications:
            return None
        is_proxied = self.is_proxied(message)
        converted = replace(convert.to_message(message), reference=reference)
        noted = replace(converted, text=message.content)
        found = await self._recent.note(message.channel.id, conversation, noted, is_proxied=is_proxied)
        pair, others = original_of if is_proxied else copy_of, tuple(found.values())
        # After a gap what a record tells has names in place of ids.
        return pair(noted, others) or pair(converted, others)

    async def discard(self, message: discord.Message) -> None:
        """Discard what was noted of a message that is not received."""
        await self._recent.discard(message.channel.id, message.id)

    async def is_gone(self, original: Message, copy: discord.Message) -> bool:
        """Whether the application deletes what a message is the copy of; waits for that if the copy is new."""
        is_gone = await self._deletions.of(original.id, copy)
        if not is_gone:
            log.info("original_stands", message=original.id, copy=copy.id)
        return is_gone

    async def withdraw(self, original: Message, *, channel: int, in_thread: bool) -> None:
        """Have an original count as deleted; without `in_thread` its answer has a thread of its own."""
        conversation = channel if in_thread else original.id

        async def withdraw() -> Change:
            return await self._revisions.withdraw(conversation, original.id)

        change = await wait_until_done(withdraw, lambda change: change is Change.LATER, poll_s=self._poll_s)
        if change is Change.UNKNOWN and not await self._revisions.tombstone(original.id, channel):
            change = await withdraw()
        if change is not Change.SAME:
            where = change.value.lower()
            log.info("original_withdrawn", conversation=conversation, message=original.id, where=where)
        if change in (Change.WAITING, Change.ANSWERING, Change.LAST):
            self._dispatcher.signal(conversation)
            await self._wakeups.publish(conversation)
        if not in_thread:
            self._withdrawn[original.id] = None
            while len(self._withdrawn) > REMEMBERED:
                self._withdrawn.popitem(last=False)
            self._start_removal(original.id)

    def deleted(self, message: int) -> None:
        """Note a deletion, for which a copy may be waiting.

        The thread of an original is removed once more: until the deletion a worker may just have been opening it.
        """
        self._deletions.note(message)
        if message in self._withdrawn:
            del self._withdrawn[message]
            self._start_removal(message)

    def _start_removal(self, thread: int) -> None:
        task = asyncio.create_task(self._remove(thread), name=f"remove-thread-{thread}")
        self._removing.add(task)
        task.add_done_callback(self._removing.discard)

    async def _remove(self, thread: int) -> None:
        try:
            await wait_until_done(
                lambda: self._control.status(thread), lambda status: status.waiting > 0, poll_s=self._poll_s
            )
            await self._remove_thread(thread)
        except (DiscordError, StoreUnavailable) as error:
            log.info("thread_not_removed", conversation=thread, kind=type(error).__name__)
