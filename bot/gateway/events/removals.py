"""Threads, channels and servers that are gone: what was kept of them goes as well."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from bot.conversation.clock import Clock
from bot.conversation.errors import StoreUnavailable
from bot.conversation.message import first_id
from bot.store.known_conversations import KnownConversations
from bot.store.removed_places import RemovedPlaces
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()


class Removals:
    """Erases; what fails is found again by the next look at what exists, see `bot.gateway.catchup.existence`."""

    def __init__(
        self, places: RemovedPlaces, known: KnownConversations, dispatcher: Dispatcher, clock: Clock
    ) -> None:
        self._places = places
        self._known = known
        self._clock = clock
        self._dispatcher = dispatcher

    async def thread(self, thread: int) -> None:
        """Erase the conversation of a thread that was deleted."""
        try:
            await self._erase((thread,))
        except StoreUnavailable as error:
            log.warning("removal_not_stored", conversation=thread, detail=str(error))

    async def missing_thread(self, thread: int) -> None:
        """Erase the conversation of a missing thread, unless a turn waits: its thread may not be open yet.

        Where the thread was deleted, the turn ends when Discord refuses the reply, and a later look erases.
        """
        if await self._places.erase_conversation(thread, older_than=first_id(self._clock.now_ms())):
            log.info("conversation_erased", conversation=thread)

    async def channel(self, server: int, channel: int) -> None:
        """Erase what is set for a channel that was deleted, and the conversations of its threads."""
        try:
            # First, because the next look finds the channel by its conversations; and last, for what a turn that ran
            # there has noted meanwhile.
            await self._places.erase_channel(server, channel)
            async for page in self._known.pages():
                await self._erase(
                    each.conversation for each in page if channel in (each.parent, each.conversation)
                )
            await self._places.erase_channel(server, channel)
        except StoreUnavailable as error:
            log.warning("removal_not_stored", channel=channel, detail=str(error))

    async def server(self, server: int) -> None:
        """Erase everything of a server that the bot has left."""
        try:
            parents: set[int] = set()
            async for page in self._known.pages():
                parents |= {each.parent for each in page if each.server == server and each.parent is not None}
            await self._erase_server(server, parents)  # first and last, as that of a channel
            async for page in self._known.pages():
                await self._erase(each.conversation for each in page if each.server == server)
            await self._erase_server(server, parents)
            log.info("server_erased", server=server)
        except StoreUnavailable as error:
            log.warning("removal_not_stored", server=server, detail=str(error))

    async def _erase_server(self, server: int, channels: Iterable[int]) -> None:
        for channel in channels:
            await self._places.erase_channel(server, channel)
        await self._places.erase_server(server)

    async def _erase(self, conversations: Iterable[int]) -> None:
        for conversation in conversations:
            await self._dispatcher.halt(conversation)
            await self._places.erase_conversation(conversation)
            log.info("conversation_erased", conversation=conversation)
