"""The start of a thread without a message, by command."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import aiohttp
import discord
import structlog

from bot.commands.services import CommandServices
from bot.conversation import prompt
from bot.conversation.errors import DiscordForbidden, DiscordFull
from bot.gateway import error_codes, permissions
from bot.gateway.conversion import reading
from bot.gateway.outbox.outbox import FULL_S

log = structlog.get_logger()

UNCONFIRMED = (discord.DiscordServerError, aiohttp.ClientError, OSError, TimeoutError)
"""After these the thread may exist or not, and repeating the call might start a second one."""

PAUSES_S = (0.3, 1.0)
"""Before each further try. Short, because a person is waiting."""


class ThreadStart:
    """Starts threads; after an unconfirmed call, looks for the thread before starting another one."""

    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._archive_minutes = services.archive_minutes

    async def start(
        self,
        client: discord.Client,
        channel: discord.TextChannel,
        name: str,
        kind: discord.ChannelType,
        *,
        after: int,
    ) -> int:
        """Start a thread; after an unconfirmed call, look for the thread before starting another one.

        `after` is the id of the interaction that wants the thread.
        """
        for pause_s in PAUSES_S:
            try:
                return await self._start_once(client, channel, name, kind)
            except UNCONFIRMED as error:
                log.info("thread_start_unanswered", channel=channel.id, kind=type(error).__name__)
            await asyncio.sleep(pause_s)
            if (found := await self.find_started(client, channel, name, after=after)) is not None:
                return found
        return await self._start_once(client, channel, name, kind)

    async def _start_once(
        self,
        client: discord.Client,
        channel: discord.TextChannel,
        name: str,
        kind: discord.ChannelType,
    ) -> int:
        try:
            started = await client.http.start_thread_without_message(
                channel.id,
                name=name,
                auto_archive_duration=cast("Any", self._archive_minutes),
                type=cast("Any", kind.value),
            )
        except discord.HTTPException as error:
            if error.code == error_codes.INVALID_FORM_BODY and name != prompt.NEUTRAL_THREAD_NAME:
                return await self._start_once(client, channel, prompt.NEUTRAL_THREAD_NAME, kind)
            if error.code == error_codes.THREAD_LIMIT:
                raise DiscordFull(FULL_S) from error
            if not isinstance(error, discord.Forbidden):
                raise
            private = kind is discord.ChannelType.private_thread
            needed = permissions.TO_OPEN_PRIVATE if private else permissions.TO_OPEN
            lacking = permissions.missing(client, channel.id, needed, code=error.code)
            raise DiscordForbidden(lacking) from error
        return int(started["id"])

    async def find_started(
        self, client: discord.Client, channel: discord.TextChannel, name: str, *, after: int
    ) -> int | None:
        """Find the thread of an unconfirmed call: the bot's own, empty, and newer than the interaction `after`."""
        try:
            threads = await reading.active_threads(channel.guild)
        except UNCONFIRMED as error:
            log.info("thread_list_failed", channel=channel.id, kind=type(error).__name__)
            return None
        me = client.user
        for thread in threads:
            ours = me is not None and thread.owner_id == me.id and thread.parent_id == channel.id
            fresh = thread.id > after and thread.last_message_id is None
            named = thread.name in (name, prompt.NEUTRAL_THREAD_NAME)
            if ours and fresh and named and await self._conversations.meta(thread.id) is None:
                return thread.id
        return None
