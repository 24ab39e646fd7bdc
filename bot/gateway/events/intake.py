"""A message's way in: from the event to the inbox."""

from __future__ import annotations

from collections.abc import Callable, Container

import aiohttp
import discord
import structlog

from bot.conversation import prompt, wording
from bot.conversation.clock import Clock
from bot.conversation.errors import DiscordError, StoreUnavailable
from bot.conversation.intake import Answer, Ignore, Policy, Reason, Where, decide
from bot.conversation.message import created_ms
from bot.gateway import error_codes, permissions
from bot.gateway.conversion import convert, reading
from bot.gateway.events import thread_kind
from bot.gateway.events.changes import Changes
from bot.gateway.events.outage_buffer import OutageBuffer
from bot.render.outbox import Outbox, Outgoing
from bot.store.conversations import Conversations
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()

WITH_THREADS = (discord.ChannelType.text, discord.ChannelType.news)

GONE_CODES = (error_codes.UNKNOWN_MEMBER, error_codes.UNKNOWN_USER)

"""The channels in which a thread can be started from a message (Discord, topics/threads)."""


class Intake:
    """Decides on every message, and puts those to answer into the inbox; `decided` is told which way."""

    def __init__(
        self,
        conversations: Conversations,
        dispatcher: Dispatcher,
        outbox: Outbox,
        policy: Policy,
        changes: Changes,
        holding: OutageBuffer,
        clock: Clock,
        *,
        commands: Container[str],
        max_age_s: float,
        decided: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._conversations = conversations
        self._dispatcher = dispatcher
        self._outbox = outbox
        self._policy = policy
        self._changes = changes
        self._holding = holding
        self._clock = clock
        self._commands = commands
        self._max_age_s = max_age_s
        self._decided = decided
        self._told: set[int] = set()

    async def take(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Decide on a message and keep it; persisted before anything else is done about it."""
        if message.author.id == me.id:
            return
        try:
            with self._holding.taking(message.id):
                await self._changes.forgotten(message.channel.id)
                taken = await self._holding.held(
                    lambda: self._take_if_it_stands(message, me),
                    failed=lambda error: log.warning(
                        "store_unavailable", message=message.id, detail=str(error)
                    ),
                    late=lambda: self._tell_of_the_outage(message, me),
                )
        except StoreUnavailable:
            log.warning(
                "message_not_held", message=message.id, hint="too many wait; a listing finds most of them"
            )
            await self._tell_of_the_outage(message, me)
        else:
            if taken is not None:
                self._told.clear()  # the store is there

    async def take_edited(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Take a message that is known nowhere, as it was no matter of the bot's before it was edited.

        So long as it would be answered if it were found by a listing, which shows it as it says by now.
        """
        if self._clock.now_ms() - created_ms(message.id) < self._max_age_s * 1000:
            await self.take(message, me)

    async def take_listed(self, message: discord.Message, me: discord.ClientUser) -> int | None:
        """Take a message that a listing has shown; return its conversation if it has a record there now.

        Whoever lists wakes the conversation when all of its messages are in, so that they are answered together.
        """
        return await self._take(message, me, source="listing") if message.author.id != me.id else None

    def wake(self, conversation: int) -> None:
        """Have a conversation seen to."""
        self._dispatcher.wake(conversation)

    async def would_answer(self, message: discord.Message, me: discord.ClientUser) -> bool:
        """Say whether a message would be answered, without taking it."""
        return message.author.id != me.id and isinstance(await self._decide(message, me), tuple)

    async def _decide(
        self, message: discord.Message, me: discord.ClientUser
    ) -> tuple[object, Where, Answer] | Ignore | None:
        channel: object = message.channel
        if message.guild is None and getattr(message.channel, "guild_id", None) is not None:
            # A server that discord.py does not know (yet) looks like direct messages, and is none.
            log.warning("server_unknown", message=message.id)
            return None
        if message.guild is not None and isinstance(message.channel, discord.PartialMessageable):
            channel = await _fetch(message, message.channel.id)
            if channel is None:
                return None
        where = await self._where(message, channel, me)
        decision = decide(convert.facts(message, where, me, self._commands), self._policy)
        if isinstance(decision, Ignore):
            log.debug("message_ignored", message=message.id, reason=decision.reason.value)
            return decision
        return channel, where, decision

    async def _tell_of_the_outage(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Say once in a place that its answers come late, if it is sure without the store that they are to come."""
        place = message.channel.id
        unknown = message.guild is None and getattr(message.channel, "guild_id", None) is not None
        if place in self._told or unknown:
            return
        self._told.add(place)
        where = Where.DIRECT
        if message.guild is not None:
            channel = message.channel
            if isinstance(channel, discord.PartialMessageable):
                return
            where = Where.CHANNEL
            if isinstance(channel, discord.Thread):
                where = Where.OWN_THREAD if channel.owner_id == me.id else Where.OTHER_THREAD
        if isinstance(decide(convert.facts(message, where, me, self._commands), self._policy), Answer):
            direct = where is Where.DIRECT
            await self._say(message, wording.STORE_DOWN_IN_DMS if direct else wording.STORE_DOWN_FOR_NOW)

    async def _take_if_it_stands(self, message: discord.Message, me: discord.ClientUser) -> int | None:
        return None if self._holding.dropped(message.id) else await self._take(message, me)

    async def _take(
        self, message: discord.Message, me: discord.ClientUser, *, source: str = "event"
    ) -> int | None:
        decided = await self._decide(message, me)
        if isinstance(decided, Ignore):
            self._decided(decided.reason.value)
            if decided.reason is Reason.TYPED_COMMAND and source == "event":
                await self._say(message, wording.TYPED_COMMAND)
            return None
        if decided is None:
            return None
        channel, where, decision = decided
        if decision.opens_thread and getattr(channel, "type", None) not in WITH_THREADS:
            await self._say(message, wording.NO_THREADS_HERE)
            return None
        if decision.opens_thread and not await self._may_open(message):
            return None
        return await self._receive(message, channel, where, decision, me, source)

    async def _may_open(self, message: discord.Message) -> bool:
        """Whether the author of a mention may open a thread there; if not, they are told what they lack."""
        author, channel = message.author, message.channel
        if not isinstance(author, discord.Member) and message.guild is not None:
            # A listing tells nothing of the author's roles.
            try:
                author = await message.guild.fetch_member(author.id)
            except discord.NotFound as error:
                if error.code not in GONE_CODES:
                    return True  # another server than Discord's, which tells nobody's roles
                log.info("author_left", message=message.id)
                return False
        if not isinstance(author, discord.Member) or not isinstance(channel, discord.TextChannel):
            return True
        lacking = permissions.person_lacks(channel.permissions_for(author))
        if lacking is not None:
            log.info("author_lacks_permission", message=message.id, permission=lacking)
            self._decided("may_not_open")
            await self._say(message, wording.may_not(lacking))
        return lacking is None

    async def _where(self, message: discord.Message, channel: object, me: discord.ClientUser) -> Where:
        if message.guild is None:
            return Where.DIRECT
        if not isinstance(channel, discord.Thread):
            return Where.CHANNEL
        meta = await self._conversations.meta(channel.id)
        return thread_kind.of_thread(channel, me.id, meta, message.id)

    async def _receive(
        self,
        message: discord.Message,
        channel: object,
        where: Where,
        decision: Answer,
        me: discord.ClientUser,
        source: str,
    ) -> int | None:
        facts: dict[str, str | int] = {}
        if message.guild is not None:
            facts["guild"] = message.guild.id
        opens = None
        if decision.opens_thread:
            # A thread that is started from a message has the message's id, so the conversation can be kept
            # before the thread is there (Discord, "Start Thread from Message").
            conversation = message.id
            opens = prompt.thread_name(convert.title(message, me.id), convert.to_author(message.author).name)
            facts |= {"parent": message.channel.id, "starter": message.author.id}
        else:
            conversation = message.channel.id
            if isinstance(channel, discord.Thread):
                facts["parent"] = channel.parent_id
                if channel.owner_id not in (None, me.id):
                    facts["starter"] = channel.owner_id
            elif where is Where.DIRECT:
                facts["starter"] = message.author.id
        if where is Where.OTHER_THREAD or decision.opens_thread:
            # Somebody else may be faster to start the thread of a message.
            facts["joined"] = message.id
        kept = convert.to_message(message, opens=opens)
        new = await self._conversations.receive(conversation, kept, source=source, facts=facts)
        if new:
            self._decided("opens_thread" if decision.opens_thread else "answer")
            log.info(
                "message_received",
                conversation=conversation,
                message=message.id,
                where=where.value,
                source=source,
            )
        if source == "event":
            self._dispatcher.wake(conversation)
        return None if new is None else conversation

    async def _say(self, message: discord.Message, sentence: str) -> None:
        try:
            await self._outbox.send(
                message.channel.id,
                Outgoing(wording.small(sentence), nonce=f"{message.id}-s", reply_to=message.id, silent=True),
            )
        except DiscordError as error:
            log.warning("notice_failed", message=message.id, kind=type(error).__name__)


async def _fetch(message: discord.Message, channel: int) -> object | None:
    """Look up a thread that discord.py does not know, as after a gap in the gateway session."""
    guild = message.guild
    known = guild.get_channel_or_thread(channel) if guild else None
    if known is not None or guild is None:
        return known
    try:
        return await guild.fetch_channel(channel)
    except (
        discord.DiscordException,
        aiohttp.ClientError,
        OSError,
        TimeoutError,
        *reading.UNREADABLE,
    ) as error:
        log.warning("channel_unknown", channel=channel, kind=type(error).__name__)
        return None
