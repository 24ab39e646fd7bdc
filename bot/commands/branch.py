"""*Apps › Branch here*: a new thread that continues the conversation from a message."""

from __future__ import annotations

import discord
import structlog

from bot.commands.admission import Admission
from bot.commands.branching import Branching
from bot.commands.chat import THREAD_TYPES
from bot.commands.command_contexts import in_servers_only
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import NOT_A_CONVERSATION
from bot.commands.services import CommandServices
from bot.commands.thread_start import Parent
from bot.commands.tree import Tree
from bot.conversation import wording
from bot.conversation.branch import BranchJob
from bot.conversation.errors import (
    DiscordForbidden,
    DiscordGone,
    DiscordNotNow,
    DiscordRejected,
    Unreadable,
)
from bot.conversation.turn import Turn
from bot.gateway import permissions
from bot.gateway.conversion.names import display_name
from bot.gateway.events.question import question_of

log = structlog.get_logger()

MAY_NOT_READ = "You lack the permission “{}” here, so I cannot copy this conversation for you."
NOT_HERE = (
    "I cannot branch off here. Branches work in threads of text and announcement channels, and in posts of forums "
    "and media channels."
)
NOT_ANSWERED = (
    "That message is not in my history of this conversation: it is not answered yet, was left out, or is forgotten. "
    "Choose my reply to it, or another message."
)
TURN_GONE = "That part of the conversation was forgotten just now, so there is nothing to branch off."
UNDER_WAY = "I am already making that branch. Its link appears in this thread in a moment."

BEGUN = (
    "Discord does not let me finish the branch right now: <#{}>. Its link appears in this thread once Discord does, "
    "so there is no need to repeat this."
)


class Branch:
    """Answers the menu for people who can read the thread and may open a thread of the same kind."""

    def __init__(self, services: CommandServices) -> None:
        self._services = services
        self._conversations = services.conversations
        self._branches = services.branches
        self._admission = Admission(services)

    def add_to(self, tree: Tree) -> None:
        tree.context_menu(name="Branch here")(self.menu)

    @in_servers_only
    async def menu(self, interaction: Interaction, message: discord.Message) -> None:
        """Copy the conversation up to the turn of the message into a new thread."""
        await interaction.response.defer(ephemeral=True)
        thread = interaction.channel if isinstance(interaction.channel, discord.Thread) else None
        conversation = message.id if thread is None else thread.id
        channel: object = interaction.channel if thread is None else thread.parent
        meta = await self._conversations.meta(conversation)
        if (
            meta is None
            or meta.guild != interaction.guild_id
            or (thread is None and meta.parent != interaction.channel_id)
        ):
            await say(interaction, NOT_A_CONVERSATION)
            return
        private = meta.is_private or (thread is not None and thread.is_private())
        if (refusal := await self._refusal(interaction, conversation, channel, private=private)) is not None:
            await say(interaction, refusal)
            return
        try:
            turn = await self._turn(interaction, conversation, message)
        except Unreadable:
            await say(interaction, wording.UNREADABLE)
            return
        if turn is None or not isinstance(channel, Parent) or interaction.guild_id is None:
            await say(interaction, NOT_ANSWERED)
            return
        wanted = BranchJob(
            person=interaction.user.id,
            interaction=interaction.id,
            conversation=conversation,
            turn=turn.id,
            message=message.id,
            server=interaction.guild_id,
            place=channel.id,
            name=await self._name(interaction, thread, conversation),
            by=discord.utils.escape_markdown(display_name(interaction.user)),
            private=private,
            is_post=isinstance(channel, discord.ForumChannel),
            tags=() if thread is None else tuple(tag.id for tag in thread.applied_tags),
        )
        job = await self._branches.ask(wanted)
        if job.interaction != interaction.id:
            await say(interaction, UNDER_WAY if job.thread is None else _branch_link(job.thread))
            return
        if (refusal := await self._admission.opening_refusal(interaction)) is not None:
            await self._branches.give_up(job)
            await say(interaction, refusal)
            return
        branching = Branching(self._services, interaction.client)
        try:
            branch = await branching.complete(job)
        except DiscordNotNow:
            if (begun := await self._branches.thread_of(job)) is None:
                await branching.give_up(job)
                raise
            await say(interaction, BEGUN.format(begun))
            return
        except (DiscordForbidden, DiscordGone, DiscordRejected):
            await branching.give_up(job)
            raise
        await say(interaction, TURN_GONE if branch is None else _branch_link(branch))

    async def _refusal(
        self, interaction: Interaction, conversation: int, channel: object, *, private: bool
    ) -> str | None:
        """Say why the person may not branch off here, None if they may."""
        held = interaction.permissions
        if (lacking := permissions.first_lacking(held, permissions.TO_READ)) is not None:
            return MAY_NOT_READ.format(lacking)
        in_forum = isinstance(channel, discord.ForumChannel)
        if not isinstance(channel, Parent) or not (in_forum or (channel.type, private) in THREAD_TYPES):
            return NOT_HERE
        refusal = await self._admission.refusal(interaction, thread=conversation, channel=channel.id)
        if refusal is not None:
            return refusal
        lacking = (
            permissions.person_lacks_for_post(held)
            if in_forum
            else permissions.person_lacks(held, private=private)
        )
        return None if lacking is None else wording.may_not(lacking)

    async def _turn(
        self, interaction: Interaction, conversation: int, message: discord.Message
    ) -> Turn | None:
        """Return the turn of a message, whether a person wrote the message or it is a part of the reply."""
        # Such a message shows the one in the parent channel, whose id is that of the thread.
        starts = message.type is discord.MessageType.thread_starter_message
        found = await self._branches.turn_of(conversation, conversation if starts else message.id)
        me = interaction.client.user
        if found is not None or me is None or message.author.id != me.id or message.flags.silent:
            return found
        channel = interaction.channel
        if not isinstance(channel, discord.Thread):
            return None
        whole = await channel.fetch_message(message.id)
        refers_to = None if whole.reference is None else whole.reference.message_id
        for each in (refers_to, await question_of(interaction.client, channel, whole)):
            found = None if each is None else await self._branches.turn_of(conversation, each)
            if found is not None:
                return found
        return None

    async def _name(self, interaction: Interaction, thread: discord.Thread | None, conversation: int) -> str:
        if thread is None and interaction.guild is not None:
            thread = interaction.guild.get_thread(conversation)
        return "Conversation" if thread is None else thread.name


def _branch_link(thread: int) -> str:
    return f"Here it is: <#{thread}>"
