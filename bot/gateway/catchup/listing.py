"""Lists the messages of one channel from its mark on, and accepts those that were missed."""

from __future__ import annotations

from collections.abc import Sequence

import discord
import structlog

from bot.conversation import wording
from bot.conversation.clock import Clock
from bot.conversation.decision import Cause
from bot.conversation.errors import DiscordError
from bot.conversation.message import first_id
from bot.gateway.catchup.channels import Channels, ListableChannel, ReadableChannel
from bot.gateway.catchup.settled import Settled
from bot.gateway.conversion import reading
from bot.gateway.conversion.snowflake import id_before
from bot.gateway.events.decision_notes import DecisionNotes
from bot.gateway.events.intake import Intake
from bot.render.outbox import Outbox, Outgoing
from bot.render.pace import Kind, Pace
from bot.store.conversations import Conversations
from bot.store.key_lifetimes import DONE_RECORD_S

log = structlog.get_logger()

TRIES = 3

BEYOND = 100
"""Messages older than the latest `max_messages` that are read and not accepted: one page shows whether any of them
should have been answered."""


class Listing:
    """Lists channels; `max_age_s` and `max_messages` limit which missed messages are still answered."""

    def __init__(
        self,
        client: discord.Client,
        channels: Channels,
        conversations: Conversations,
        intake: Intake,
        outbox: Outbox,
        notes: DecisionNotes,
        settled: Settled,
        pace: Pace,
        *,
        max_age_s: float,
        max_messages: int,
        clock: Clock,
    ) -> None:
        self._client = client
        self._channels = channels
        self._conversations = conversations
        self._intake = intake
        self._outbox = outbox
        self._notes = notes
        self._settled = settled
        self._pace = pace
        self._max_age_s = max_age_s
        self._max_messages = max_messages
        self._clock = clock

    async def catch_up(
        self,
        listable: ListableChannel,
        mark: int | None,
        recheck_from: int | None,
        *,
        before: int | None = None,
    ) -> None:
        """List a channel until nothing changes meanwhile; after TRIES the rest is left to the next sweep.

        The messages from the id `recheck_from` on are listed although the mark is beyond them. Those from `before` on
        are not listed, and the caller wakes the conversation: one turn is to answer that message as well. Raises
        StoreUnavailable, and whatever discord.py does.
        """
        for _ in range(TRIES):
            if await self._list(listable, mark, recheck_from, before):
                return
            (mark,) = await self._conversations.marks([listable.id])

    async def _list(
        self, listable: ListableChannel, mark: int | None, recheck_from: int | None, before: int | None
    ) -> bool:
        """List a channel and move its mark; False if that has to be repeated."""
        me = self._client.user
        channel = listable.channel or await self._channels.fetch(listable.id)
        if me is None or channel is None:
            return True
        oldest = id_before(self._max_age_s, self._clock.now_s())
        after = await self._first_mark(channel, me.id, oldest) if mark is None else mark
        if recheck_from is not None:
            after = min(after, recheck_from)
        latest = listable.last_message_id
        if mark is None and latest <= after:
            return await self._conversations.advance(channel.id, before=None, after=latest, listed=())
        async with self._pace.waited(channel.id, Kind.READ):
            listed = await reading.messages(
                self._client, channel, limit=self._max_messages + BEYOND, before=before, after=after
            )
        latest_first = listed[: self._max_messages]
        known = await self._settled.of(
            channel.id, [each.id for each in latest_first if each.author.id != me.id]
        )
        answered = [(known.conversations[each], each) for each in known.answered]
        accepted: list[tuple[int, int]] = []
        too_old: list[discord.Message] = []
        for message in reversed(latest_first):
            if message.id in known.answered or message.id in known.notified:
                continue
            if message.id < oldest:
                too_old.append(message)
            elif (conversation := await self._intake.accept_listed(message, me)) is not None:
                accepted.append((conversation, message.id))
        if before is None:
            for conversation in {conversation for conversation, _ in accepted}:
                self._intake.wake(conversation)
        await self._notify_of_unanswered(channel, me, latest, too_old, listed[self._max_messages :])
        latest = max([latest, *(message.id for message in listed)])
        if missed := sum(message not in known.conversations for _, message in accepted):
            log.info("channel_caught_up", channel=channel.id, messages=missed)
        return await self._conversations.advance(
            channel.id, before=mark, after=max(latest, mark or 0), listed=[*answered, *accepted]
        )

    async def _first_mark(self, channel: ReadableChannel, me: int, oldest: int) -> int:
        """Return the id after which a channel without a mark is listed."""
        joined = channel.guild.me.joined_at if channel.guild else None
        joined_id = discord.utils.time_snowflake(joined) if joined else 0
        since_ms = await self._conversations.since(self._clock.now_ms())
        # Messages from then on are addressed to the bot, also while it is not running.
        began = max(joined_id, first_id(since_ms))
        if not await self._is_conversation(channel, me):
            return max(oldest, began)
        # People are told of messages that are too old to be answered, but only while the records show which of them
        # were answered.
        return min(oldest, max(channel.id, began, id_before(DONE_RECORD_S, self._clock.now_s())))

    async def _notify_of_unanswered(
        self,
        channel: ReadableChannel,
        me: discord.ClientUser,
        latest: int,
        too_old: Sequence[discord.Message],
        beyond: Sequence[discord.Message],
    ) -> None:
        """Tell the people of a conversation that some of their messages will not be answered."""
        unanswered, answerable = await self._unanswered(channel, me, beyond)
        # Behind a full page without anything to answer, there may be more.
        is_more = bool(unanswered) or (len(beyond) == BEYOND and not answerable)
        old, _ = await self._unanswered(channel, me, too_old)
        await self._notes.missed(channel.id, old, Cause.TOO_OLD)
        if not is_more and not old:
            return
        if await self._is_conversation(channel, me.id):
            sentence = wording.missed_many(self._max_messages) if is_more else wording.missed(len(old))
            await self._notify(channel.id, latest, sentence)
        elif is_more:
            log.warning(
                "messages_not_listed",
                channel=channel.id,
                hint="the channel has more new messages than recovery.max_messages: older mentions stay unanswered",
            )

    async def _unanswered(
        self, channel: ReadableChannel, me: discord.ClientUser, messages: Sequence[discord.Message]
    ) -> tuple[list[int], int]:
        """Return the ids of the messages to answer that have no record, and how many messages are to be answered."""
        opens_threads = isinstance(channel, discord.TextChannel)
        records = [
            (message.id if opens_threads else channel.id, message.id)
            for message in messages
            if await self._intake.would_answer(message, me)
        ]
        recorded = await self._conversations.recorded(records)
        return [message for _, message in records if message not in recorded], len(records)

    async def _is_conversation(self, channel: ReadableChannel, me: int) -> bool:
        if isinstance(channel, discord.Thread) and channel.owner_id == me:
            return True
        return await self._conversations.meta(channel.id) is not None

    async def _notify(self, channel: int, latest: int, sentence: str) -> None:
        notice = Outgoing(wording.small(sentence), nonce=f"{latest}-a", silent=True)
        try:
            await self._outbox.send(channel, notice)
        except DiscordError as error:
            log.info("notice_failed", channel=channel, kind=type(error).__name__)
