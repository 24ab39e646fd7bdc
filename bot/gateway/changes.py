"""What people edit and delete: carried over to what the bot knows of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import discord
import structlog

from bot.conversation.errors import StoreUnavailable
from bot.gateway import convert
from bot.gateway.finishing import PAUSE_S, when_finished
from bot.gateway.holding import Holding
from bot.store.bell import Bell
from bot.store.revisions import Change, Revisions
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()


class Changes:
    """Notes edits and deletions, and has the conversation seen to where they change what is to be answered."""

    def __init__(
        self,
        revisions: Revisions,
        dispatcher: Dispatcher,
        bell: Bell,
        holding: Holding | None = None,
        *,
        finishing_pause_s: float = PAUSE_S,
    ) -> None:
        self._revisions = revisions
        self._dispatcher = dispatcher
        self._bell = bell
        self._holding = holding or Holding()
        self._finishing_pause_s = finishing_pause_s

    async def edited(self, message: discord.Message) -> None:
        """Carry over what a message says by now."""
        said = convert.to_message(message)
        edited_ms = round(message.edited_at.timestamp() * 1000) if message.edited_at else 0
        await self._note(
            "message_edited",
            message.channel.id,
            message.id,
            lambda home: self._revisions.edit(home, said, edited_ms=edited_ms),
            lambda home: self._revisions.amend(home, message.id, said),
        )

    async def deleted(self, channel: int, messages: Iterable[int]) -> None:
        """Forget messages."""
        messages = tuple(messages)
        for message in messages:
            self._holding.drop(message)
        for message in messages:

            async def forget(home: int, message: int = message) -> Change:
                return await self._revisions.delete(home, message)

            async def amend(home: int, message: int = message) -> bool:
                return await self._revisions.amend(home, message, None)

            known = await self._note("message_deleted", channel, message, forget, amend)
            if not known and not await self._bury(message, channel):
                await self._note("message_deleted", channel, message, forget, amend)

    async def _note(
        self,
        event: str,
        channel: int,
        message: int,
        change: Callable[[int], Awaitable[Change]],
        amend: Callable[[int], Awaitable[bool]],
    ) -> bool:
        """Note a change wherever the message may belong to; False if it is known nowhere."""
        known = False
        # What was said while the store was away is taken in before what happened to it afterwards.
        await self._holding.taken(message)
        try:
            for home in await self._holding.held(lambda: self._revisions.homes(message, channel)):
                noted = await self._note_at(home, change, amend)
                known |= noted is not Change.UNKNOWN
                if noted not in (Change.UNKNOWN, Change.SAME):
                    log.info(event, conversation=home, message=message, where=noted.value.lower())
                if noted in (Change.WAITING, Change.ANSWERING, Change.LAST):
                    self._dispatcher.ring(home)
                    await self._bell.ring(home)
        except StoreUnavailable as error:
            log.warning("change_not_noted", message=message, detail=str(error))
        return known

    async def _bury(self, message: int, channel: int) -> bool:
        """Have a deleted message left alone by whoever may still take it in; False if that has just been done."""
        try:
            return await self._holding.held(lambda: self._revisions.bury(message, channel))
        except StoreUnavailable as error:
            log.warning("change_not_noted", message=message, detail=str(error))
            return True

    async def _note_at(
        self,
        home: int,
        change: Callable[[int], Awaitable[Change]],
        amend: Callable[[int], Awaitable[bool]],
    ) -> Change:
        """Note a change in one conversation, when a turn that is just being finished has ended."""
        noted = await when_finished(
            lambda: self._holding.held(lambda: change(home)),
            lambda seen: seen is Change.LATER,
            pause_s=self._finishing_pause_s,
        )
        if noted is Change.LATER:
            # It does not come to its end, but what is committed is in the history.
            await self._holding.held(lambda: amend(home))
        return noted
