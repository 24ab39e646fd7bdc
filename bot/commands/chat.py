"""/chat: starts a thread with Claude, with a question or without."""

from __future__ import annotations

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.commands.admission import Admission
from bot.commands.command_contexts import in_servers_only
from bot.commands.interactions import Interaction, say
from bot.commands.services import CommandServices
from bot.commands.thread_start import ThreadStart
from bot.commands.tree import Tree
from bot.conversation import prompt, wording
from bot.conversation.errors import DiscordForbidden, StoreUnavailable
from bot.conversation.intake import Where
from bot.conversation.message import Message, Room
from bot.conversation.visible import is_blank
from bot.gateway import permissions
from bot.gateway.conversion.names import place_names
from bot.gateway.conversion.parts import to_author, to_roles
from bot.gateway.conversion.posted_question import posted_question
from bot.gateway.events.accepted import new_thread_fields
from bot.render.outbox import Outgoing

log = structlog.get_logger()

OPENS_WITHIN_S = 300.0
"""The longest wait for the thread of a question, to add the person to it: the thread opens when Claude answers."""

MESSAGE_CHARS = 1800
"""The text has to fit into one message of the bot, behind the person's name."""

THREAD_TYPES = {
    (discord.ChannelType.text, False): discord.ChannelType.public_thread,
    (discord.ChannelType.text, True): discord.ChannelType.private_thread,
    (discord.ChannelType.news, False): discord.ChannelType.news_thread,
}
"""The types of threads that can start without a message, by channel type and privacy (Discord, topics/threads)."""

CONTEXT_MAX = 50
"""The most messages of the channel that the command takes into the thread."""

NO_THREAD_HERE = "I cannot start a thread here. Use /chat in a text channel."
CONTEXT_WITHOUT_MESSAGE = (
    "With `context`, also write a `message` that says what to do with it, for instance: sum up what was said."
)
CONTEXT_OF_PRIVATE_THREAD = (
    "What was said in a private thread stays there: I cannot copy it into another thread. Mention me here, or use "
    "/chat without `context`."
)
CONTEXT_UNREADABLE = (
    "I copy only what you may read yourself, and you lack the permission “Read Message History” here. Use /chat "
    "without `context`."
)


class Chat:
    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._dispatcher = services.dispatcher
        self._outbox = services.outbox
        self._threads = ThreadStart(services)
        self._asks_titles = services.asks_titles
        self._admission = Admission(services)

    def add_to(self, tree: Tree) -> None:
        tree.command(name="chat", description="Start a thread with Claude")(self.chat)

    @app_commands.describe(
        message="Your first message; leave it out to just open the thread",
        private="Only you, me and the people you invite can see the thread",
        context="How many of the last messages here Claude reads first, up to 50",
    )
    @in_servers_only
    async def chat(
        self,
        interaction: Interaction,
        message: app_commands.Range[str, 1, MESSAGE_CHARS] | None = None,
        private: bool = False,
        context: app_commands.Range[int, 0, CONTEXT_MAX] = 0,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        here = interaction.channel
        parent = here.parent_id if isinstance(here, discord.Thread) else interaction.channel_id
        if (refusal := await self._admission.refusal(interaction, thread=None, channel=parent)) is not None:
            await say(interaction, refusal)
            return
        text = "" if message is None or is_blank(message) else message
        if context and (refusal := _context_refusal(interaction, text)) is not None:
            await say(interaction, refusal)
            return
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
        if (refusal := await self._admission.opening_refusal(interaction)) is not None:
            await say(interaction, refusal)
            return
        room = Room(interaction.channel_id or 0, interaction.id, context) if context else None
        if text and not private:
            await self._post_question(interaction, channel, text, room)
        else:
            await self._open(interaction, channel, kind, text, room)

    async def _post_question(
        self, interaction: Interaction, channel: discord.TextChannel, text: str, room: Room | None
    ) -> None:
        """Post the question in the channel, and receive that message as a mention is received."""
        self._outbox.ready(channel.id, guild=channel.guild.id)
        held = interaction.app_permissions
        # API servers other than Discord's may send no permissions.
        if held.value and (lacking := permissions.first_lacking(held, permissions.TO_POST_QUESTION)):
            raise DiscordForbidden(lacking)
        author = to_author(interaction.user)
        question = Outgoing(posted_question(author.name, text), nonce=f"{interaction.id}-o", silent=True)
        posted = await self._outbox.send(channel.id, question)
        message = Message(
            posted.id,
            author,
            text,
            opens=prompt.thread_name(text, author.name),
            asks_title=self._asks_titles,
            room=room,
            roles=to_roles(interaction.user),
        )
        fields = new_thread_fields(posted.id, channel=channel.id, guild=channel.guild.id, asker=author.id)
        fields |= place_names(channel.guild, channel)
        try:
            is_new = await self._conversations.receive(
                posted.id, message, source="command", channel_fields=fields
            )
        except StoreUnavailable:
            # The store may have received the message nevertheless: then its deletion on Discord removes it there.
            await self._outbox.delete(channel.id, posted.id)
            raise
        if not is_new:  # catching up has listed the message first, and posted a notice
            await say(interaction, wording.QUESTION_LOST)
            return
        log.info(
            "message_received",
            conversation=posted.id,
            message=posted.id,
            where=Where.CHANNEL.value,
            source="command",
        )
        self._dispatcher.wake(posted.id)
        link = f"https://discord.com/channels/{channel.guild.id}/{channel.id}/{posted.id}"
        await say(interaction, question_posted(link))
        await self._join_when_open(interaction, channel.guild, posted.id)

    async def _open(
        self,
        interaction: Interaction,
        channel: discord.TextChannel,
        kind: discord.ChannelType,
        text: str,
        room: Room | None,
    ) -> None:
        """Open a thread without a starting message, as private threads and threads without a question need."""
        author = to_author(interaction.user)
        thread = await self._threads.start(
            interaction.client, channel, prompt.thread_name(text, author.name), kind, after=interaction.id
        )
        private = kind is discord.ChannelType.private_thread
        meta: dict[str, str | int] = {"parent": channel.id, "starter": author.id, "guild": channel.guild.id}
        if private:
            meta["private"] = 1
        meta |= place_names(channel.guild, channel)
        await self._join(interaction, thread)
        if text:
            opener = Outgoing(posted_question(author.name, text), nonce=f"{interaction.id}-o")
            message_id = (await self._outbox.send(thread, opener)).id
            try:
                await self._conversations.receive(
                    thread,
                    Message(message_id, author, text, room=room, roles=to_roles(interaction.user)),
                    source="command",
                    channel_fields=meta,
                )
            except StoreUnavailable:
                # Catching up finds later what people write into the thread, but not the bot's own message with the
                # question: the person has to repeat it.
                await self._outbox.send(thread, _notice(wording.WRITE_IT_HERE, f"{message_id}-s"))
            self._dispatcher.wake(thread)
        else:
            await self._conversations.introduce(thread, meta)
            name = discord.utils.escape_markdown(author.name)
            greeting = f"{name} opened this thread. Just write: there is no need to mention me here."
            await self._outbox.send(thread, _notice(greeting, f"{interaction.id}-o"))
        log.info("thread_opened", conversation=thread, private=private)
        await say(interaction, f"Here it is: <#{thread}>")

    async def _join_when_open(self, interaction: Interaction, guild: discord.Guild, thread: int) -> None:
        """Wait until some instance has opened the thread, and add the person to it."""
        if guild.get_thread(thread) is None:
            try:
                await interaction.client.wait_for(
                    "thread_create", check=lambda opened: bool(opened.id == thread), timeout=OPENS_WITHIN_S
                )
            except TimeoutError:
                return
        await self._join(interaction, thread)

    async def _join(self, interaction: Interaction, thread: int) -> None:
        """Add the person to the thread; a failure is logged only, because the answer links to the thread."""
        try:
            await interaction.client.http.add_user_to_thread(thread, interaction.user.id)
        except discord.HTTPException as error:
            log.info("member_not_added", conversation=thread, code=error.code)
        except discord.RateLimited as error:
            log.info("member_not_added", conversation=thread, for_s=round(error.retry_after))
        except (aiohttp.ClientError, OSError) as error:
            log.info("member_not_added", conversation=thread, kind=type(error).__name__)


def question_posted(link: str) -> str:
    """Link to the question."""
    return f"Here is your question: {link}. I answer in its thread."


def _context_refusal(interaction: Interaction, text: str) -> str | None:
    """Return why the channel's messages are not taken into the thread, None if they are."""
    if not text:
        return CONTEXT_WITHOUT_MESSAGE
    if isinstance(interaction.channel, discord.Thread) and interaction.channel.is_private():
        return CONTEXT_OF_PRIVATE_THREAD
    return None if interaction.permissions.read_message_history else CONTEXT_UNREADABLE


def _notice(sentence: str, nonce: str) -> Outgoing:
    return Outgoing(wording.small(sentence), nonce=nonce, silent=True)
