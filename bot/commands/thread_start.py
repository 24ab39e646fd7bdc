"""Starts threads without a message and forum posts, without starting one twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
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
"""Errors after which the thread may exist, so that a repeated call might start a second one."""

Parent = discord.TextChannel | discord.ForumChannel

PAUSES_S = (0.3, 1.0)
"""The pauses before further attempts; short, because a person is waiting."""


class ThreadStart:
    """Starts threads; after an unconfirmed call it searches for the thread before it starts another one."""

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
        """Start a thread and return its id; `after` is the id of the interaction that asked for the thread."""
        return await self._start_confirmed(
            client,
            channel,
            name,
            lambda name: self._start_once(client, channel, name, kind),
            needed=permissions.TO_OPEN_PRIVATE
            if kind is discord.ChannelType.private_thread
            else permissions.TO_OPEN,
            after=after,
        )

    async def start_post(
        self,
        client: discord.Client,
        forum: discord.ForumChannel,
        name: str,
        content: str,
        tags: Sequence[int],
        *,
        after: int,
    ) -> int:
        """Start a forum post with a first message, and return its id; `after` as for `start`."""
        return await self._start_confirmed(
            client,
            forum,
            name,
            lambda name: self._post_once(forum, name, content, tags),
            needed=permissions.TO_OPEN_POST,
            after=after,
        )

    async def _start_confirmed(
        self,
        client: discord.Client,
        channel: Parent,
        name: str,
        start: Callable[[str], Awaitable[int]],
        *,
        needed: tuple[str, ...],
        after: int,
    ) -> int:
        async def started() -> int:
            return await _start_named(client, channel, name, start, needed)

        for pause_s in PAUSES_S:
            try:
                return await started()
            except UNCONFIRMED as error:
                log.info("thread_start_unanswered", channel=channel.id, kind=type(error).__name__)
            await asyncio.sleep(pause_s)
            if (found := await self.find_started(client, channel, name, after=after)) is not None:
                return found
        return await started()

    async def _start_once(
        self,
        client: discord.Client,
        channel: discord.TextChannel,
        name: str,
        kind: discord.ChannelType,
    ) -> int:
        started = await client.http.start_thread_without_message(
            channel.id,
            name=name,
            auto_archive_duration=cast("Any", self._archive_minutes),
            type=cast("Any", kind.value),
        )
        return int(started["id"])

    async def _post_once(
        self, forum: discord.ForumChannel, name: str, content: str, tags: Sequence[int]
    ) -> int:
        made = await forum.create_thread(
            name=name,
            auto_archive_duration=cast("Any", self._archive_minutes),
            content=content,
            applied_tags=_tags_now(forum, tags),
            allowed_mentions=discord.AllowedMentions.none(),
            silent=True,
        )
        return made.thread.id

    async def find_started(
        self, client: discord.Client, channel: Parent, name: str, *, after: int
    ) -> int | None:
        """Find the thread of an unconfirmed call: the bot's own, newer than the interaction `after`, and empty.

        An empty post holds only its first message, which has the id of the post.
        """
        try:
            threads = await reading.active_threads(channel.guild)
        except UNCONFIRMED as error:
            log.info("thread_list_failed", channel=channel.id, kind=type(error).__name__)
            return None
        me = client.user
        for thread in threads:
            ours = me is not None and thread.owner_id == me.id and thread.parent_id == channel.id
            fresh = thread.id > after and thread.last_message_id in (None, thread.id)
            named = thread.name in (name, prompt.NEUTRAL_THREAD_NAME)
            if ours and fresh and named and await self._conversations.meta(thread.id) is None:
                return thread.id
        return None


async def _start_named(
    client: discord.Client,
    channel: Parent,
    name: str,
    start: Callable[[str], Awaitable[int]],
    needed: tuple[str, ...],
) -> int:
    """Start a thread with `name`, or with a neutral name if Discord refuses `name`."""
    try:
        return await start(name)
    except discord.HTTPException as error:
        if error.code == error_codes.INVALID_FORM_BODY and name != prompt.NEUTRAL_THREAD_NAME:
            return await _start_named(client, channel, prompt.NEUTRAL_THREAD_NAME, start, needed)
        if error.code == error_codes.THREAD_LIMIT:
            raise DiscordFull(FULL_S) from error
        if not isinstance(error, discord.Forbidden):
            raise
        lacking = permissions.missing(client, channel.id, needed, code=error.code)
        raise DiscordForbidden(lacking) from error


def _tags_now(forum: discord.ForumChannel, tags: Sequence[int]) -> list[discord.ForumTag]:
    """Return those of the tags that the bot may apply now; any one of the forum's if it requires a tag."""
    manages = forum.guild.me is not None and forum.permissions_for(forum.guild.me).manage_threads
    usable = [tag for tag in forum.available_tags if manages or not tag.moderated]
    found = [tag for tag in usable if tag.id in tags]
    return found or (usable[:1] if forum.flags.require_tag else [])
