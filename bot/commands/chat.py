"""/chat: start a thread with Claude."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.commands.command_contexts import in_servers_only
from bot.commands.interactions import Interaction, say
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation import prompt, wording
from bot.conversation.errors import DiscordForbidden, DiscordFull, StoreUnavailable
from bot.conversation.message import Message, Room
from bot.conversation.visible import is_blank
from bot.gateway import error_codes, permissions
from bot.gateway.conversion import reading
from bot.gateway.conversion.parts import to_author, to_roles
from bot.gateway.outbox.outbox import FULL_S
from bot.render.outbox import Outgoing

log = structlog.get_logger()

MESSAGE_CHARS = 1800
"""The text goes into one message of the bot, with the person's name in front."""

THREAD_TYPES = {
    (discord.ChannelType.text, False): discord.ChannelType.public_thread,
    (discord.ChannelType.text, True): discord.ChannelType.private_thread,
    (discord.ChannelType.news, False): discord.ChannelType.news_thread,
}
"""The threads that start without a message, by the channel's type and by privacy (Discord, topics/threads)."""

UNCONFIRMED = (discord.DiscordServerError, aiohttp.ClientError, OSError, TimeoutError)
"""After these the thread may exist or not, and repeating the call might start a second one."""

PAUSES_S = (0.3, 1.0)
"""Before each further try. Short, because a person is waiting."""

CONTEXT_MAX = 50
"""The most messages of the channel that the command takes into the thread."""

NO_THREAD_HERE = "I cannot start a thread here. Use /chat in a text channel."
CONTEXT_WITHOUT_MESSAGE = (
    "With `context`, write in `message` what I should do with what was said here, for instance: sum it up."
)
CONTEXT_OF_PRIVATE_THREAD = (
    "What was said in a private thread stays there: I cannot take it into another thread. Mention me here, or use "
    "/chat without `context`."
)
CONTEXT_UNREADABLE = (
    "I can take along only what you may read yourself: you lack the permission “Read Message History” here."
)


class Chat:
    """Starts threads by command."""

    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._dispatcher = services.dispatcher
        self._outbox = services.outbox
        self._archive_minutes = services.archive_minutes

    def add_to(self, tree: Tree) -> None:
        """Add the command."""
        tree.command(name="chat", description="Start a thread with Claude")(self.chat)

    @app_commands.describe(
        message="What to begin with; leave it out to just open the thread",
        private="Only you, me and whom you invite can see the thread",
        context="How many of the last messages here Claude is to know, up to 50",
    )
    @in_servers_only
    async def chat(
        self,
        interaction: Interaction,
        message: app_commands.Range[str, 1, MESSAGE_CHARS] | None = None,
        private: bool = False,
        context: app_commands.Range[int, 0, CONTEXT_MAX] = 0,
    ) -> None:
        """Start a thread, with a question or without."""
        await interaction.response.defer(ephemeral=True)
        text = "" if message is None or is_blank(message) else message
        if context and (refusal := _context_refusal(interaction, text)) is not None:
            await say(interaction, refusal)
            return
        room = Room(interaction.channel_id or 0, interaction.id, context) if context else None
        await self._open(interaction, text, room, private=private)

    async def _open(self, interaction: Interaction, text: str, room: Room | None, *, private: bool) -> None:
        channel: object = interaction.channel
        if isinstance(channel, discord.Thread):
            channel = channel.parent
        kind = THREAD_TYPES.get((getattr(channel, "type", discord.ChannelType.text), private))
        if not isinstance(channel, discord.TextChannel) or kind is None:
            await say(interaction, NO_THREAD_HERE)
            return
        if (lacking := permissions.person_lacks(interaction.permissions, private=private)) is not None:
            await say(interaction, wording.may_not(lacking))
            return
        self._outbox.ready(channel.id, opens=True, guild=channel.guild.id)
        author = to_author(interaction.user)
        thread = await self._start(interaction, channel, prompt.thread_name(text, author.name), kind)
        meta: dict[str, str | int] = {"parent": channel.id, "starter": author.id, "guild": channel.guild.id}
        name = discord.utils.escape_markdown(author.name)
        await self._join(interaction, thread)
        if text:
            opener = Outgoing(f"**{name}:** {text}", nonce=f"{interaction.id}-o")
            message_id = (await self._outbox.send(thread, opener)).id
            try:
                await self._conversations.receive(
                    thread,
                    Message(message_id, author, text, room=room, roles=to_roles(interaction.user)),
                    source="command",
                    channel_fields=meta,
                )
            except StoreUnavailable:
                # When the store is back, catching up finds what people write into the thread, but not the bot's own
                # message with the question.
                await self._outbox.send(thread, _notice(wording.WRITE_IT_HERE, f"{message_id}-s"))
            self._dispatcher.wake(thread)
        else:
            await self._conversations.introduce(thread, meta)
            greeting = f"{name} opened this thread. Just write: there is no need to mention me here."
            await self._outbox.send(thread, _notice(greeting, f"{interaction.id}-o"))
        log.info("thread_opened", conversation=thread, private=private)
        await say(interaction, f"Here it is: <#{thread}>")

    async def _start(
        self,
        interaction: Interaction,
        channel: discord.TextChannel,
        name: str,
        kind: discord.ChannelType,
    ) -> int:
        """Start a thread; after an unconfirmed call, look for the thread before starting another one."""
        for pause_s in PAUSES_S:
            try:
                return await self._start_once(interaction, channel, name, kind)
            except UNCONFIRMED as error:
                log.info("thread_start_unanswered", channel=channel.id, kind=type(error).__name__)
            await asyncio.sleep(pause_s)
            if (found := await self._find_started(interaction, channel, name)) is not None:
                return found
        return await self._start_once(interaction, channel, name, kind)

    async def _start_once(
        self,
        interaction: Interaction,
        channel: discord.TextChannel,
        name: str,
        kind: discord.ChannelType,
    ) -> int:
        try:
            started = await interaction.client.http.start_thread_without_message(
                channel.id,
                name=name,
                auto_archive_duration=cast("Any", self._archive_minutes),
                type=cast("Any", kind.value),
            )
        except discord.HTTPException as error:
            if error.code == error_codes.INVALID_FORM_BODY and name != prompt.NEUTRAL_THREAD_NAME:
                return await self._start_once(interaction, channel, prompt.NEUTRAL_THREAD_NAME, kind)
            if error.code == error_codes.THREAD_LIMIT:
                raise DiscordFull(FULL_S) from error
            if not isinstance(error, discord.Forbidden):
                raise
            private = kind is discord.ChannelType.private_thread
            needed = permissions.TO_OPEN_PRIVATE if private else permissions.TO_OPEN
            lacking = permissions.missing(interaction.client, channel.id, needed, code=error.code)
            raise DiscordForbidden(lacking) from error
        return int(started["id"])

    async def _find_started(
        self, interaction: Interaction, channel: discord.TextChannel, name: str
    ) -> int | None:
        """Find the thread of an unconfirmed call: the bot's own, empty, and newer than the command."""
        try:
            threads = await reading.active_threads(channel.guild)
        except UNCONFIRMED as error:
            log.info("thread_list_failed", channel=channel.id, kind=type(error).__name__)
            return None
        me = interaction.client.user
        for thread in threads:
            ours = me is not None and thread.owner_id == me.id and thread.parent_id == channel.id
            fresh = thread.id > interaction.id and thread.last_message_id is None
            named = thread.name in (name, prompt.NEUTRAL_THREAD_NAME)
            if ours and fresh and named and await self._conversations.meta(thread.id) is None:
                return thread.id
        return None

    async def _join(self, interaction: Interaction, thread: int) -> None:
        try:
            await interaction.client.http.add_user_to_thread(thread, interaction.user.id)
        except discord.HTTPException as error:
            log.info("member_not_added", conversation=thread, code=error.code)
        except discord.RateLimited as error:
            # The thread exists, and the answer links to it.
            log.info("member_not_added", conversation=thread, for_s=round(error.retry_after))


def _context_refusal(interaction: Interaction, text: str) -> str | None:
    """Return why the channel's messages are not taken into the thread, None if they are."""
    if not text:
        return CONTEXT_WITHOUT_MESSAGE
    if isinstance(interaction.channel, discord.Thread) and interaction.channel.is_private():
        return CONTEXT_OF_PRIVATE_THREAD
    return None if interaction.permissions.read_message_history else CONTEXT_UNREADABLE


def _notice(sentence: str, nonce: str) -> Outgoing:
    return Outgoing(wording.small(sentence), nonce=nonce, silent=True)
