"""/help: what to do here, in a few lines for the person who asks; and what a command gets that was typed as text."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands

from bot.commands.command_contexts import everywhere
from bot.commands.interactions import Interaction, in_time, say
from bot.conversation.intake import Policy, Where
from bot.gateway.events import thread_kind
from bot.store.conversations import Conversations

TOLD = ("chat", "stop", "retry", "context", "model", "system", "leave", "reset")
"""The commands that most people want, in the order in which they do; the menu of Discord shows all."""

IN_SERVERS = ("chat", "leave")
"""Those of them that direct messages have no use for."""

READ = (
    "I read what is written in my threads and in threads that I was mentioned in, from then on, and direct messages "
    "to me. I do not read other channels, and of files I see the names only."
)
PRIVACY = (
    "What I read is kept by whoever runs me, and sent to Claude (Anthropic) to be answered. What you delete on "
    "Discord I forget, but for what a summary may say of it; /reset forgets a whole conversation. Whoever runs me "
    "can tell how long things are kept, and what else applies."
)


class Help:
    """Answers the command."""

    def __init__(self, policy: Policy, conversations: Conversations) -> None:
        self._policy = policy
        self._conversations = conversations

    def add_to(self, tree: app_commands.CommandTree[discord.Client]) -> None:
        """Register the command."""

        @tree.command(name="help", description="What I can do here, and what I read")
        @everywhere
        async def help_(interaction: Interaction) -> None:
            commands = [
                each for each in tree.get_commands() if not isinstance(each, app_commands.ContextMenu)
            ]
            described = {each.name: each.description for each in commands}
            told = [(name, described[name]) for name in TOLD if name in described]
            user = interaction.client.user
            me = user.id if user is not None else 0
            how = here(await self._where(interaction, me), f"<@{me}>", self._policy)
            await say(interaction, text(how, told, in_server=interaction.guild_id is not None))

    async def _where(self, interaction: Interaction, me: int) -> Where:
        thread = interaction.channel
        if interaction.guild_id is None:
            return Where.DIRECT
        if not isinstance(thread, discord.Thread):
            return Where.CHANNEL
        async with in_time():
            meta = await self._conversations.meta(thread.id)
        return thread_kind.of_thread(thread, me, meta, interaction.id)


def here(where: Where, mention: str, policy: Policy) -> str:
    """Say how one talks with the bot in such a place."""
    prefix = (
        f" Begin with `{policy.ignore_prefix}` and I leave a message alone." if policy.ignore_prefix else ""
    )
    if where is Where.DIRECT:
        if not policy.direct_messages:
            return "I do not answer direct messages: whoever runs me has switched them off. Mention me in a server."
        return f"Just write: I answer each message.{prefix}"
    if where is Where.CHANNEL:
        return f"Mention {mention} in a message: a thread opens from it, and I answer there."
    if policy.when == "mentioned":
        return f"Mention {mention}, or reply to me, and I answer in this thread."
    if where in (Where.OWN_THREAD, Where.JOINED_THREAD):
        unless = "" if policy.when == "always" else " A message for somebody else I leave alone."
        return f"Just write: there is no need to mention me in this thread.{unless}{prefix}"
    return f"Mention {mention} once, and I answer in this thread from then on.{prefix}"


def text(where: str, commands: Sequence[tuple[str, str]], *, in_server: bool) -> str:
    """Compose the answer."""
    shown = [f"`/{name}` {described}" for name, described in commands if in_server or name not in IN_SERVERS]
    return "\n".join((where, "", *shown, "", f"**What I read.** {READ}", f"**Privacy.** {PRIVACY}"))
