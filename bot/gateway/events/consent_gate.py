"""Asks people for their consent before anything of their messages is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp
import discord
import structlog

from bot.conversation import consent
from bot.conversation.errors import DiscordError, DiscordUnavailable, StoreUnavailable
from bot.gateway.conversion import reading
from bot.gateway.events.intake import Intake
from bot.render.controls import Button, Controls
from bot.render.outbox import Outbox, Outgoing
from bot.store.consents import Consents
from bot.store.conversations import Conversations

log = structlog.get_logger()

RETRY_AFTER_S = (10.0, 60.0, 300.0)
"""discord.py has repeated a failed call for some seconds already. A listing finds most of what is left."""


class ConsentGate:
    """Holds back the messages of people who have not agreed; `days` and `privacy_url` stand in the question."""

    def __init__(self, consents: Consents, outbox: Outbox, *, days: int, privacy_url: str | None) -> None:
        self._consents = consents
        self._outbox = outbox
        self._days = days
        self._privacy_url = privacy_url
        self._asking: set[tuple[int, int]] = set()

    async def holds_back(self, message: discord.Message, person: int | None) -> bool:
        """Whether a message is left alone until its author agrees; asks the author, once in each server.

        The author of a proxied message may be unknown: nobody has agreed then.
        """
        if person is None:
            return True
        if await self._consents.agreed_ms(person) is not None:
            return False
        await self._consents.wait(person, message.channel.id, message.id)
        if await self._consents.agreed_ms(person) is not None:  # just now, without this message
            await self._consents.answered(person, message.channel.id, message.id)
            return False
        await self._ask_once(message, person)
        return True

    async def admits_edits(self, person: int) -> bool:
        """Whether the edits of a person are applied; an edit waits for the store by itself."""
        try:
            return await self._consents.agreed_ms(person) is not None
        except StoreUnavailable:
            return True

    async def _ask_once(self, message: discord.Message, person: int) -> None:
        """Ask a person below a message, unless they were asked in its server or are being asked there."""
        home = message.channel.id if message.guild is None else message.guild.id
        if (person, home) in self._asking:
            return
        self._asking.add((person, home))
        try:
            # Noted only once the question stands there: nobody would ask again after a failure or a crash. The nonce
            # makes one question of what several instances ask below the same message.
            if not await self._consents.was_asked(person, home) and await self._ask(message):
                await self._consents.note_asked(person, home)
        finally:
            self._asking.discard((person, home))

    async def _ask(self, message: discord.Message) -> bool:
        """Post the question; False if Discord did not take it."""
        is_direct = message.guild is None
        text = consent.question(self._days, self._privacy_url) if is_direct else consent.LINE
        button = Button.AGREE if is_direct else Button.CONSENT
        asked = Outgoing(
            text,
            nonce=f"{message.id}-c",
            reply_to=message.id,
            silent=True,
            controls=Controls(message.id, (button,)),
        )
        try:
            await self._outbox.send(message.channel.id, asked)
        except DiscordError as error:
            log.warning("notice_failed", message=message.id, kind=type(error).__name__)
            return False
        return True


class HeldMessages:
    """Accepts the messages that have waited for the consent of their author: they are read from Discord again.

    discord.py does not know the roles of a server whose shard another process connects. Messages there are left to a
    listing by that process.
    """

    def __init__(
        self,
        client: discord.Client,
        consents: Consents,
        conversations: Conversations,
        intake: Intake,
        *,
        retry_after_s: Sequence[float] = RETRY_AFTER_S,
    ) -> None:
        self._client = client
        self._consents = consents
        self._conversations = conversations
        self._intake = intake
        self._retry_after_s = retry_after_s

    async def agree(self, person: int, at_ms: int) -> None:
        """Store that a person agrees; what waits for that is listed again if a crash keeps it from being accepted."""
        for channel, message in await self._consents.waiting(person):
            await self._conversations.list_again(channel, message)
        await self._consents.agree(person, at_ms)

    async def accept(self, person: int) -> None:
        """Accept them, the oldest first; those that cannot be read any more are left out.

        Those that Discord fails to show are read again later, because no sweep lists a direct message channel in
        which nobody was answered yet.
        """
        for wait_s in self._retry_after_s:
            if await self._accept_readable(person):
                return
            await asyncio.sleep(wait_s)
        await self._accept_readable(person)

    async def _accept_readable(self, person: int) -> bool:
        """Accept those that Discord shows; False if it failed to show some."""
        me = self._client.user
        if me is None:
            return False
        are_all = True
        for channel, message in await self._consents.waiting(person):
            try:
                found = await self._read(channel, message)
            except DiscordUnavailable:
                await self._conversations.list_again(channel, message)
                are_all = False
                continue
            if found is not None and self._is_elsewhere(found):
                await self._conversations.list_again(channel, message)
            elif found is not None:
                await self._intake.accept(found, me)
            await self._consents.answered(person, channel, message)
        return are_all

    def _is_elsewhere(self, message: discord.Message) -> bool:
        """Whether a message is in a server that no shard of this process tells of."""
        return message.guild is not None and self._client.get_guild(message.guild.id) is None

    async def _read(self, channel: int, message: int) -> discord.Message | None:
        """Return a message, None if there is none to read; raises DiscordUnavailable."""
        try:
            where = self._client.get_channel(channel) or await self._client.fetch_channel(channel)
            if not isinstance(where, discord.abc.Messageable):
                return None
            return await where.fetch_message(message)
        except (discord.NotFound, discord.Forbidden, *reading.UNREADABLE) as error:
            log.info("held_message_not_read", message=message, kind=type(error).__name__)
            return None
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("held_message_not_read", message=message, kind=type(error).__name__)
            raise DiscordUnavailable("read") from error
