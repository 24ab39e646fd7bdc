"""Edits and deletions by people, applied to the conversations that hold the message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager

import discord
import structlog

from bot.conversation.errors import StoreUnavailable
from bot.gateway.conversion import convert
from bot.gateway.events.outage_buffer import OutageBuffer
from bot.gateway.events.wait_until_done import POLL_S, wait_until_done
from bot.store.revisions import Change, Revisions
from bot.store.wakeups import Wakeups
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()

DELETION_WAIT_S = 5.0
"""A deletion that takes longer is still applied, but a request that begins meanwhile may hold the message."""


class Changes:
    """Stores edits and deletions, and wakes the conversation where they change a turn that is not over."""

    def __init__(
        self,
        revisions: Revisions,
        dispatcher: Dispatcher,
        wakeups: Wakeups,
        outage_buffer: OutageBuffer | None = None,
        *,
        poll_s: float = POLL_S,
    ) -> None:
        self._revisions = revisions
        self._dispatcher = dispatcher
        self._wakeups = wakeups
        self._outage_buffer = outage_buffer or OutageBuffer()
        self._poll_s = poll_s
        self._deleting: dict[int, list[asyncio.Future[None]]] = {}

    async def edit(self, message: discord.Message, *, asks_again: bool = True) -> bool:
        """Store the new text of a message; False if no conversation holds the message.

        Without `asks_again` the history and the inbox change, and no reply is written anew.
        """
        edited = convert.to_message(message)
        edited_ms = round(message.edited_at.timestamp() * 1000) if message.edited_at else 0

        async def amend(conversation: int) -> Change:
            amended = await self._revisions.amend(conversation, edited, edited_ms=edited_ms)
            return Change.OLD if amended else Change.UNKNOWN

        async def edit(conversation: int) -> Change:
            return await self._revisions.edit(conversation, edited, edited_ms=edited_ms)

        return await self._apply(
            "message_edited",
            message.channel.id,
            message.id,
            edit if asks_again else amend,
            lambda conversation: self._revisions.amend(conversation, edited, edited_ms=edited_ms),
        )

    async def delete(self, channel: int, messages: Iterable[int]) -> None:
        """Delete messages from the store."""
        deleted = tuple(messages)
        for message in deleted:
            self._outage_buffer.discard(message)
        with self._announced(
            {channel, *deleted}
        ):  # a thread has the id of the message that it was started from
            for message in deleted:

                async def delete(conversation: int, message: int = message) -> Change:
                    return await self._revisions.delete(conversation, message)

                known = await self._apply("message_deleted", channel, message, delete)
                if not known and not await self._tombstone(message, channel):
                    await self._apply("message_deleted", channel, message, delete)

    async def take_back(self, conversation: int, message: int) -> None:
        """Delete a message that was received just now, before its conversation is woken."""
        if await self._revisions.delete(conversation, message) is not Change.UNKNOWN:
            await self._wake(conversation)

    async def wait_for_deletions(self, channel: int) -> None:
        """Wait until the deletions under way in a channel are stored, so that the next request goes without them.

        For DELETION_WAIT_S at most: during an outage of the store the next message has to reach the outage buffer.
        """
        if under_way := self._deleting.get(channel):
            await asyncio.wait(tuple(under_way), timeout=DELETION_WAIT_S)

    async def resume(self, thread: int) -> None:
        """Resume a reply that could not be finished while its thread was locked."""
        try:
            if await self._outage_buffer.run(lambda: self._revisions.resume(thread)):
                log.info("reply_resumed", conversation=thread)
                await self._wake(thread)
        except StoreUnavailable as error:
            log.warning("change_not_stored", message=thread, detail=str(error))

    @contextmanager
    def _announced(self, channels: set[int]) -> Iterator[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for channel in channels:
            self._deleting.setdefault(channel, []).append(done)
        try:
            yield
        finally:
            done.set_result(None)
            for channel in channels:
                self._deleting[channel].remove(done)
                if not self._deleting[channel]:
                    del self._deleting[channel]

    async def _apply(
        self,
        event: str,
        channel: int,
        message: int,
        change: Callable[[int], Awaitable[Change]],
        amend: Callable[[int], Awaitable[bool]] | None = None,
    ) -> bool:
        """Apply a change in every conversation that may hold the message; False if none does."""
        known = False
        # During an outage the message is accepted before its changes.
        await self._outage_buffer.wait_until_accepted(message)
        try:
            async for conversation in self._each_conversation(message, channel):
                result = await self._apply_in(conversation, change, amend)
                known |= result is not Change.UNKNOWN
                if result not in (Change.UNKNOWN, Change.SAME):
                    log.info(event, conversation=conversation, message=message, where=result.value.lower())
                if result in (Change.WAITING, Change.ANSWERING, Change.LAST):
                    await self._wake(conversation)
        except StoreUnavailable as error:
            log.warning("change_not_stored", message=message, detail=str(error))
        return known

    async def _each_conversation(self, message: int, channel: int) -> AsyncIterator[int]:
        """Yield the conversations that may hold a message, also those that are branched off meanwhile."""
        seen: set[int] = set()
        while True:
            found = await self._outage_buffer.run(lambda: self._revisions.conversations_of(message, channel))
            new = [each for each in found if each not in seen]
            if not new:
                return
            for conversation in new:
                seen.add(conversation)
                yield conversation

    async def _wake(self, conversation: int) -> None:
        """Wake the conversation's worker, in whichever instance."""
        self._dispatcher.signal(conversation)
        await self._wakeups.publish(conversation)

    async def _tombstone(self, message: int, channel: int) -> bool:
        """Keep a deleted message from being accepted later; False if another instance has just accepted it."""
        try:
            return await self._outage_buffer.run(lambda: self._revisions.tombstone(message, channel))
        except StoreUnavailable as error:
            log.warning("change_not_stored", message=message, detail=str(error))
            return True

    async def _apply_in(
        self,
        conversation: int,
        change: Callable[[int], Awaitable[Change]],
        amend: Callable[[int], Awaitable[bool]] | None,
    ) -> Change:
        """Apply a change in one conversation, after a turn that is finishing."""
        result = await wait_until_done(
            lambda: self._outage_buffer.run(lambda: change(conversation)),
            lambda result: result is Change.LATER,
            poll_s=self._poll_s,
        )
        if result is Change.LATER and amend is not None:
            # The turn does not finish, but its committed entry is in the history.
            await self._outage_buffer.run(lambda: amend(conversation))
        return result
