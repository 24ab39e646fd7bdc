"""/help: how to talk with the bot where the command is used, and what the bot reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import discord

from bot.commands.admission import Admission
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, lookup_deadline, say
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.answer_mode import AnswerMode, ModeInForce, mode_in_force
from bot.conversation.intake import Policy, Where
from bot.conversation.scope import Scope, Settings
from bot.gateway.events.thread_kind import thread_kind

SHOWN = ("chat", "stop", "retry", "catchup", "context", "model", "system", "tools", "leave", "reset")
"""The most used commands, in the order of the answer; Discord's menu shows all."""

IN_SERVERS_ONLY = ("chat", "catchup", "leave")
"""The commands that are left out in direct messages."""

READ = (
    "I read my threads, threads that I was mentioned in, and direct messages to me, with the files in them. Of "
    "somebody else's thread I also read the messages before the mention. Elsewhere I read only what you show me: a "
    "message that you reply to, link to or forward, and the last messages of a channel if you open a thread with "
    "`context`."
)
LOOKUP_TOOLS = frozenset(("search_messages", "read_messages"))
LOOKS_UP = " With its tools here, Claude also looks up messages of this server that everybody here may read."
SENT_BY_TOOLS = (
    " What Claude sends to a tool goes where the tool runs: `/tools show` lists the tools, `/about` says "
    "more."
)
PRIVACY = (
    "Whoever runs me stores what I read, and it is sent to Claude (Anthropic) to be answered; recordings may go to a "
    "transcription service. What you delete on Discord I forget, except where others' messages quote it; /reset "
    "forgets a whole conversation, `/forget me` your messages, files and facts everywhere, "
    "and `/my data` shows what I keep about you. "
    "`{retention}` says for how long. Whoever runs me can tell you what else applies."
)
RETENTION_IN_SERVERS, RETENTION_IN_DMS = "/privacy show", "/about"
"""The commands that say how long something is kept; Discord offers `/privacy` in servers only."""


class Help:
    def __init__(self, services: CommandServices) -> None:
        self._policy = services.intake_policy
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._tools = services.tools
        self._admission = Admission(services)

    def add_to(self, tree: Tree) -> None:
        @tree.command(name="help", description="What I can do here, and what I read")
        @in_servers_and_dms
        async def help_(interaction: Interaction) -> None:
            user = interaction.client.user
            me = user.id if user is not None else 0
            where, by_scope = await self._place(interaction, me)
            how = self._admission.blocked_by(interaction, by_scope) or here(
                where, f"<@{me}>", self._policy(), mode_in_force(by_scope)
            )
            tools = [tool.name for tool in self._tools.definitions(by_scope)]
            in_server = interaction.guild_id is not None
            await say(interaction, text(how, tree.described(), in_server=in_server, tools=tools))

    async def _place(self, interaction: Interaction, me: int) -> tuple[Where, Mapping[Scope, Settings]]:
        thread, server = interaction.channel, interaction.guild_id
        if server is None:
            return Where.DIRECT, {}
        if not isinstance(thread, discord.Thread):
            async with lookup_deadline():
                by_scope = await self._scope_settings.by_scope(
                    thread=None, channel=interaction.channel_id, server=server
                )
            return Where.CHANNEL, by_scope
        async with lookup_deadline():
            meta = await self._conversations.meta(thread.id)
            by_scope = await self._scope_settings.by_scope(
                thread=thread.id, channel=thread.parent_id, server=server
            )
        return thread_kind(thread, me, meta, interaction.id), by_scope


def here(where: Where, mention: str, policy: Policy, in_force: ModeInForce | None = None) -> str:
    """Say how to talk with the bot here."""
    prefix = (
        f" Begin with `{policy.ignore_prefix}` and I leave a message alone." if policy.ignore_prefix else ""
    )
    if where is Where.DIRECT:
        if not policy.direct_messages:
            return "I do not answer direct messages: whoever runs me has switched them off. Mention me in a server."
        return f"Just write: I answer each message.{prefix}"
    mode = None if in_force is None else in_force.mode
    if mode is AnswerMode.NEVER:
        return "I answer nothing here, because of a setting. /answer show tells where it was set."
    if mode is AnswerMode.ALWAYS and where is Where.CHANNEL:
        return f"Just write: a thread opens from each message, and I answer there.{prefix}"
    if where is Where.CHANNEL:
        return f"Mention {mention} in a message: a thread opens from it, and I answer there."
    if mode is AnswerMode.ALWAYS and in_force is not None and in_force.origin.scope is Scope.THREAD:
        return f"Just write: I answer each message in this thread.{prefix}"
    if mode is AnswerMode.QUIET or policy.when == "mentioned":
        return f"Mention {mention}, or reply to me, and I answer in this thread."
    if where in (Where.OWN_THREAD, Where.JOINED_THREAD):
        unless = "" if policy.when == "always" else " I leave messages to somebody else alone."
        return f"Just write: there is no need to mention me in this thread.{unless}{prefix}"
    return f"Mention {mention} once, and I answer in this thread from then on.{prefix}"


def text(how: str, described: Mapping[str, str], *, in_server: bool, tools: Collection[str] = ()) -> str:
    """Return the answer; `how` is from `here`, `described` maps commands to descriptions, `tools` are those on."""
    names = [name for name in SHOWN if name in described and (in_server or name not in IN_SERVERS_ONLY)]
    commands = [f"`/{name}` {described[name]}" for name in names]
    looks_up = in_server and not LOOKUP_TOOLS.isdisjoint(tools)
    retention = RETENTION_IN_SERVERS if in_server else RETENTION_IN_DMS
    read, privacy = (
        READ + LOOKS_UP * looks_up,
        PRIVACY.format(retention=retention) + SENT_BY_TOOLS * bool(tools),
    )
    return "\n".join((how, "", *commands, "", f"**What I read.** {read}", f"**Privacy.** {privacy}"))
