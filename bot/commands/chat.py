"""/chat: start a thread with Claude."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.commands import answers
from bot.commands.command_contexts import in_servers
from bot.commands.interactions import Interaction, say
from bot.conversation import prompt, wording
from bot.conversation.errors import DiscordForbidden, DiscordFull, StoreUnavailable
from bot.conversation.message import Message
from bot.conversation.visible import is_blank
from bot.gateway import error_codes, permissions
from bot.gateway.conversion import convert, reading
from bot.gateway.outbox.outbox import FULL_S
from bot.render.outbox import Outbox, Outgoing
from bot.store.conversations import Conversations
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()

MESSAGE_CHARS = 1800
"""What a person says goes into one message of the bot, with the name in front."""

THREAD_TYPES = {
    (discord.ChannelType.text, False): discord.ChannelType.public_thread,
    (discord.ChannelType.text, True): discord.ChannelType.private_thread,
    (discord.ChannelType.news, False): discord.ChannelType.news_thread,
}
"""What can be started without a message, by channel and privacy (Discord, topics/threads)."""

LOST = (discord.DiscordServerError, aiohttp.ClientError, OSError, TimeoutError)
"""Nobody knows whether the work was done; starting a thread is the one call that cannot just be repeated."""

PAUSES_S = (0.3, 1.0)
"""Who has used a command waits for it."""


class Chat:
    """Opens threads by command."""

    def __init__(
        self,
        conversations: Conversations,
        dispatcher: Dispatcher,
        outbox: Outbox,
        *,
        archive_minutes: int,
    ) -> None:
        self._conversations = conversations
        self._dispatcher = dispatcher
        self._outbox = outbox
        self._archive_minutes = archive_minutes

    def add_to(self, tree: app_commands.CommandTree[discord.Client]) -> None:
        """Register the command."""

        @tree.command(name="chat", description="Start a thread with Claude")
        @app_commands.describe(
            message="What to begin with; leave it out to just open the thread",
            private="Only you, me and whom you invite can see the thread",
        )
        @in_servers
        async def chat(
            interaction: Interaction,
            message: app_commands.Range[str, 1, MESSAGE_CHARS] | None = None,
            private: bool = False,
        ) -> None:
            await interaction.response.defer(ephemeral=True)
            text = message or ""
            await self._open(interaction, "" if is_blank(text) else text, private=private)

    async def _open(self, interaction: Interaction, text: str, *, private: bool) -> None:
        channel: object = interaction.channel
        if isinstance(channel, discord.Thread):
            channel = channel.parent
        kind = THREAD_TYPES.get((getattr(channel, "type", discord.ChannelType.text), private))
        if not isinstance(channel, discord.TextChannel) or kind is None:
            await say(interaction, answers.NO_THREAD_HERE)
            return
        if (lacking := permissions.person_lacks(interaction.permissions, private=private)) is not None:
            await say(interaction, wording.may_not(lacking))
            return
        self._outbox.ready(channel.id, opens=True, guild=channel.guild.id)
        author = convert.to_author(interaction.user)
        thread = await self._start(interaction, channel, prompt.thread_name(text, author.name), kind)
        facts: dict[str, str | int] = {"parent": channel.id, "starter": author.id, "guild": channel.guild.id}
        name = discord.utils.escape_markdown(author.name)
        await self._join(interaction, thread)
        if text:
            opener = Outgoing(f"**{name}:** {text}", nonce=f"{interaction.id}-o")
            message_id = (await self._outbox.send(thread, opener)).id
            try:
                await self._conversations.receive(
                    thread, Message(message_id, author, text), source="command", facts=facts
                )
            except StoreUnavailable:
                # The thread stands, and what is written into it is found when the store is back; the bot's own
                # message with the question is not.
                await self._outbox.send(thread, _notice(wording.WRITE_IT_HERE, f"{message_id}-s"))
            self._dispatcher.wake(thread)
        else:
            await self._conversations.introduce(thread, facts)
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
        """Start a thread; where the answer is lost, look whether it stands there before another one is started."""
        for pause_s in PAUSES_S:
            try:
                return await self._start_once(interaction, channel, name, kind)
            except LOST as error:
                log.info("thread_start_unanswered", channel=channel.id, kind=type(error).__name__)
            await asyncio.sleep(pause_s)
            if (found := await self._started(interaction, channel, name)) is not None:
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

    async def _started(self, interaction: Interaction, channel: discord.TextChannel, name: str) -> int | None:
        """Find the empty thread that a call has started whose answer was lost."""
        try:
            threads = await reading.active_threads(channel.guild)
        except LOST as error:
            log.info("threads_unknown", channel=channel.id, kind=type(error).__name__)
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
            # The thread stands, and its link is told.
            log.info("member_not_added", conversation=thread, for_s=round(error.retry_after))


def _notice(sentence: str, nonce: str) -> Outgoing:
    return Outgoing(wording.small(sentence), nonce=nonce, silent=True)
