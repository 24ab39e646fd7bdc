"""What people edit and delete: carried over to what the bot knows of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager

import discord
import structlog

from bot.conversation.errors import StoreUnavailable
from bot.gateway.conversion import convert
from bot.gateway.events.outage_buffer import OutageBuffer
from bot.gateway.events.wait_until_done import PAUSE_S, when_finished
from bot.store.revisions import Change, Revisions
from bot.store.wakeups import Wakeups
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()

FORGETTING_S = 5.0
"""A deletion that is noted later is still carried out, though what is asked meanwhile may be asked with it."""


class Changes:
    """Notes edits and deletions, and has the conversation seen to where they change what is to be answered."""

    def __init__(
        self,
        revisions: Revisions,
        dispatcher: Dispatcher,
        bell: Wakeups,
        holding: OutageBuffer | None = None,
        *,
        finishing_pause_s: float = PAUSE_S,
    ) -> None:
        self._revisions = revisions
        self._dispatcher = dispatcher
        self._bell = bell
        self._holding = holding or OutageBuffer()
        self._finishing_pause_s = finishing_pause_s
        self._forgetting: dict[int, list[asyncio.Future[None]]] = {}

    async def edited(self, message: discord.Message) -> bool:
        """Carry over what a message says by now; False if it is known nowhere."""
        said = convert.to_message(message)
        edited_ms = round(message.edited_at.timestamp() * 1000) if message.edited_at else 0
        return await self._note(
            "message_edited",
            message.channel.id,
            message.id,
            lambda home: self._revisions.edit(home, said, edited_ms=edited_ms),
            lambda home: self._revisions.amend(home, said),
        )

    async def deleted(self, channel: int, messages: Iterable[int]) -> None:
        """Forget messages."""
        gone = tuple(messages)
        for message in gone:
            self._holding.drop(message)
        with self._announced({channel, *gone}):  # the thread that a message has opened has its id
            for message in gone:

                async def forget(home: int, message: int = message) -> Change:
                    return await self._revisions.delete(home, message)

                known = await self._note("message_deleted", channel, message, forget)
                if not known and not await self._bury(message, channel):
                    await self._note("message_deleted", channel, message, forget)

    async def forgotten(self, place: int) -> None:
        """Wait until all is forgotten that was deleted before: what is asked next is asked without it.

        Not for long: where the store is away, what is asked next has to be held, too.
        """
        if going := self._forgetting.get(place):
            await asyncio.wait(tuple(going), timeout=FORGETTING_S)

    @contextmanager
    def _announced(self, places: set[int]) -> Iterator[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for place in places:
            self._forgetting.setdefault(place, []).append(done)
        try:
            yield
        finally:
            done.set_result(None)
            for place in places:
                self._forgetting[place].remove(done)
                if not self._forgetting[place]:
                    del self._forgetting[place]

    async def unlocked(self, thread: int) -> None:
        """Have a reply finished that could not be while its thread was locked."""
        try:
            if await self._holding.held(lambda: self._revisions.resume(thread)):
                log.info("reply_resumed", conversation=thread)
                self._dispatcher.ring(thread)
                await self._bell.publish(thread)
        except StoreUnavailable as error:
            log.warning("change_not_noted", message=thread, detail=str(error))

    async def _note(
        self,
        event: str,
        channel: int,
        message: int,
        change: Callable[[int], Awaitable[Change]],
        amend: Callable[[int], Awaitable[bool]] | None = None,
    ) -> bool:
        """Note a change wherever the message may belong to; False if it is known nowhere."""
        known = False
        # What was said while the store was away is taken in before what happened to it afterwards.
        await self._holding.taken(message)
        try:
            for home in await self._holding.held(lambda: self._revisions.conversations_of(message, channel)):
                noted = await self._note_at(home, change, amend)
                known |= noted is not Change.UNKNOWN
                if noted not in (Change.UNKNOWN, Change.SAME):
                    log.info(event, conversation=home, message=message, where=noted.value.lower())
                if noted in (Change.WAITING, Change.ANSWERING, Change.LAST):
                    self._dispatcher.ring(home)
                    await self._bell.publish(home)
        except StoreUnavailable as error:
            log.warning("change_not_noted", message=message, detail=str(error))
        return known

    async def _bury(self, message: int, channel: int) -> bool:
        """Have a deleted message left alone by whoever may still take it in; False if that has just been done."""
        try:
            return await self._holding.held(lambda: self._revisions.tombstone(message, channel))
        except StoreUnavailable as error:
            log.warning("change_not_noted", message=message, detail=str(error))
            return True

    async def _note_at(
        self,
        home: int,
        change: Callable[[int], Awaitable[Change]],
        amend: Callable[[int], Awaitable[bool]] | None,
    ) -> Change:
        """Note a change in one conversation, when a turn that is just being finished has ended."""
        noted = await when_finished(
            lambda: self._holding.held(lambda: change(home)),
            lambda seen: seen is Change.LATER,
            pause_s=self._finishing_pause_s,
        )
        if noted is Change.LATER and amend is not None:
            # It does not come to its end, but what is committed is in the history.
            await self._holding.held(lambda: amend(home))
        return noted
