"""The channels that were not listed since the session began, which may hold missed messages.

A sweep lists one channel after another, and takes minutes with many. A person who writes in a thread meanwhile would
be answered before what the thread missed. So such a thread is listed as far as the message of the event, before that
message is accepted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import discord
import structlog

from bot.gateway.catchup.channels import ListableChannel
from bot.gateway.catchup.listing import Listing
from bot.gateway.conversion.snowflake import earlier
from bot.store.conversations import Conversations

log = structlog.get_logger()

LIST_S = 5.0
"""A message waits no longer for what is older, as where Discord refuses calls for minutes."""


@dataclass(slots=True)
class _UnderWay:
    """A listing, and how many messages wait for it."""

    task: asyncio.Task[None]
    waiting: int = 0


class Backlog:
    """Knows which channels were listed since the session began, and lists one out of turn.

    Only threads and DM channels: in other channels each message that is answered begins a conversation of its own.
    """

    def __init__(self, listing: Listing, conversations: Conversations, *, list_s: float = LIST_S) -> None:
        self._listing = listing
        self._conversations = conversations
        self._list_s = list_s
        self._listed: set[int] | None = set()
        self._recheck_from: int | None = None
        self._under_way: dict[int, _UnderWay] = {}

    def begin(self, recheck_from: int | None = None) -> None:
        """Take all channels for unlisted; `recheck_from` as in Listing.catch_up."""
        self._listed = set()
        self._recheck_from = earlier(self._recheck_from, recheck_from)

    def note(self, channel: int) -> None:
        """Note that a channel was listed, or has nothing to list."""
        if self._listed is not None:
            self._listed.add(channel)

    def end(self) -> None:
        """Take all channels for listed."""
        self._listed, self._recheck_from = None, None

    async def list_before(self, message: discord.Message) -> bool:
        """List what is older than a message in its channel; False if that was done before.

        The caller wakes the conversation once the message is accepted. A failure is left to the next sweep.
        """
        channel, listed = message.channel, self._listed
        if not isinstance(channel, (discord.Thread, discord.DMChannel)):
            return False
        # A listing counts until the last message that waits has gone on: none overtakes another.
        found = self._under_way.get(channel.id)
        if found is None:
            if listed is None or channel.id in listed:
                return False
            task = asyncio.create_task(self._list(channel, message.id, listed), name=f"list-{channel.id}")
            found = self._under_way[channel.id] = _UnderWay(task)
            task.add_done_callback(lambda _: self._release(channel.id, found))
        found.waiting += 1
        try:
            # Not cancelled at the end of the time: the next sweep would have to do it again.
            await asyncio.wait((found.task,), timeout=self._list_s)
        finally:
            found.waiting -= 1
            self._release(channel.id, found)
        return True

    def _release(self, channel: int, found: _UnderWay) -> None:
        if found.task.done() and not found.waiting:
            self._under_way.pop(channel, None)

    async def _list(self, channel: discord.Thread | discord.DMChannel, before: int, listed: set[int]) -> None:
        recheck_from = self._recheck_from
        try:
            (mark,) = await self._conversations.marks([channel.id])
            latest = ListableChannel(channel.id, before - 1, channel)
            if mark is None or recheck_from is not None or mark < latest.last_message_id:
                await self._listing.catch_up(latest, mark, recheck_from, before=before)
        except Exception as error:  # noqa: BLE001 - discord.py raises anything for unexpected data
            log.info("channel_not_listed_first", channel=channel.id, kind=type(error).__name__)
        # Also after a failure, which each further message would meet again.
        listed.add(channel.id)
