"""One place read from its mark on: what was missed goes the usual way in, and what cannot be answered is told."""

from __future__ import annotations

from collections.abc import Sequence

import discord
import structlog

from bot.conversation import wording
from bot.conversation.clock import Clock
from bot.conversation.errors import DiscordError
from bot.conversation.message import DISCORD_EPOCH_MS
from bot.gateway.catchup.places import ListableChannel, Place, Places
from bot.gateway.conversion import reading
from bot.gateway.events.intake import Intake
from bot.render.outbox import Outbox, Outgoing
from bot.render.pace import Kind, Pace
from bot.store.conversations import Conversations
from bot.store.keys import DONE_RECORD_S

log = structlog.get_logger()

TRIES = 3

BEYOND = 100
"""Messages that are read, and not taken, behind the latest ones: one page tells whether anything was missed there."""


class Listing:
    """Reads places; `max_age_s` and `max_messages` bound what is still answered of what was missed."""

    def __init__(
        self,
        client: discord.Client,
        places: Places,
        conversations: Conversations,
        intake: Intake,
        outbox: Outbox,
        pace: Pace,
        *,
        max_age_s: float,
        max_messages: int,
        clock: Clock,
    ) -> None:
        self._client = client
        self._places = places
        self._conversations = conversations
        self._intake = intake
        self._outbox = outbox
        self._pace = pace
        self._max_age_s = max_age_s
        self._max_messages = max_messages
        self._clock = clock

    async def catch_up(self, place: Place, mark: int | None, doubt: int | None) -> None:
        """Read a place until nothing changes under the listing; the next sweep is for what does not settle.

        From the message `doubt` on its mark is not believed. Raises StoreUnavailable, and whatever discord.py does.
        """
        for _ in range(TRIES):
            if await self._read(place, mark, doubt):
                return
            (mark,) = await self._conversations.marks([place.id])

    async def _read(self, place: Place, mark: int | None, doubt: int | None) -> bool:
        """Read a place and move its mark; False if that has to be done again."""
        me = self._client.user
        channel = place.channel or await self._places.fetch(place.id)
        if me is None or channel is None:
            return True
        oldest = id_before(self._max_age_s, self._clock.now_s())
        after = await self._beginning(channel, me.id, oldest) if mark is None else mark
        if doubt is not None:
            after = min(after, doubt)
        if mark is None and place.latest <= after:
            return await self._conversations.advance(channel.id, before=None, after=place.latest, listed=())
        async with self._pace.waited(channel.id, Kind.READ):
            read = await reading.messages(
                self._client, channel, limit=self._max_messages + BEYOND, after=after
            )
        kept: list[tuple[int, int]] = []
        too_old: list[discord.Message] = []
        for message in reversed(read[: self._max_messages]):
            if message.id < oldest:
                too_old.append(message)
            elif (conversation := await self._intake.take_listed(message, me)) is not None:
                kept.append((conversation, message.id))
        for conversation in {conversation for conversation, _ in kept}:
            self._intake.wake(conversation)
        await self._tell_what_is_left(channel, me, place.latest, too_old, read[self._max_messages :])
        latest = max([place.latest, *(message.id for message in read)])
        if kept:
            log.info("caught_up", place=channel.id, messages=len(kept))
        return await self._conversations.advance(
            channel.id, before=mark, after=max(latest, mark or 0), listed=kept
        )

    async def _beginning(self, channel: ListableChannel, me: int, oldest: int) -> int:
        """The id from which on a place is read that never was."""
        joined = channel.guild.me.joined_at if channel.guild else None
        joined_id = discord.utils.time_snowflake(joined) if joined else 0
        since_ms = await self._conversations.since(self._clock.now_ms())
        # From then on the bot was there to hear what is said, whether it did or not.
        began = max(joined_id, _first_id(since_ms))
        if not await self._is_ours(channel, me):
            return max(oldest, began)
        # What is too old to be answered is told; that it was answered nobody knows for longer than the records last.
        return min(oldest, max(channel.id, began, id_before(DONE_RECORD_S, self._clock.now_s())))

    async def _tell_what_is_left(
        self,
        channel: ListableChannel,
        me: discord.ClientUser,
        latest: int,
        too_old: Sequence[discord.Message],
        beyond: Sequence[discord.Message],
    ) -> None:
        """Say, where people wait for answers, that some of what they wrote is not going to get one."""
        left, answerable = await self._unanswered(channel, me, beyond)
        # Where a whole page tells nothing, there may be more behind it.
        more = left > 0 or (len(beyond) == BEYOND and not answerable)
        old, _ = await self._unanswered(channel, me, too_old)
        if not more and not old:
            return
        if await self._is_ours(channel, me.id):
            sentence = wording.missed_many(self._max_messages) if more else wording.missed(old)
            await self._tell(channel.id, latest, sentence)
        elif more:
            log.warning(
                "messages_not_looked_at",
                channel=channel.id,
                hint="more was said meanwhile than recovery.max_messages: older mentions are left unanswered",
            )

    async def _unanswered(
        self, channel: ListableChannel, me: discord.ClientUser, messages: Sequence[discord.Message]
    ) -> tuple[int, int]:
        """How many of the messages should have been answered and are not known, and how many should have been."""
        opens = isinstance(channel, discord.TextChannel)
        records = [
            (message.id if opens else channel.id, message.id)
            for message in messages
            if await self._intake.would_answer(message, me)
        ]
        return len(records) - await self._conversations.recorded(records), len(records)

    async def _is_ours(self, channel: ListableChannel, me: int) -> bool:
        if isinstance(channel, discord.Thread) and channel.owner_id == me:
            return True
        return await self._conversations.meta(channel.id) is not None

    async def _tell(self, place: int, latest: int, sentence: str) -> None:
        notice = Outgoing(wording.small(sentence), nonce=f"{latest}-a", silent=True)
        try:
            await self._outbox.send(place, notice)
        except DiscordError as error:
            log.info("notice_failed", place=place, kind=type(error).__name__)


def _first_id(when_ms: int) -> int:
    return (when_ms - DISCORD_EPOCH_MS) << 22


def id_before(seconds: float, now_s: float) -> int:
    """Return the first id that a message so long before a moment could have."""
    return _first_id(round((now_s - seconds) * 1000))
