"""/check: what is wrong in this server and this channel, for those who can fix it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import discord
import structlog

from bot.commands import permission_rules
from bot.commands.command_contexts import in_servers_only
from bot.commands.interactions import Interaction, say
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.errors import StoreUnavailable
from bot.conversation.scope import Scope
from bot.findings.configured import Purpose, configured_channels
from bot.findings.discord_rules import of_server
from bot.findings.finding import Finding, Severity, by_severity
from bot.findings.ids import Id
from bot.gateway.conversion.server_facts import may_be_answered, server_facts

log = structlog.get_logger()

RULE = permission_rules.SERVER
MAY_NOT_CHECK = RULE.refusal("check my setup in a server")

NOTHING = "Nothing is wrong here: I have all the permissions that I need."
HEADING = "What is wrong here; for 14 minutes, a line disappears once it is fixed:"
UNKNOWN = "Discord has not told me about this server yet. Please try again in a minute."

CHANNELS_MAX = 100
"""The most channels whose settings are read."""

MESSAGE_CHARS = 2000

REFRESH_S = 3.0

REFRESHED_FOR_S = 14 * 60.0
"""Discord lets an interaction's answer be edited for 15 minutes."""

MARKS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "-# ℹ️"}


def text_of(findings: Sequence[Finding]) -> str:
    """Return the answer; findings that do not fit into a message are counted."""
    if not findings:
        return NOTHING
    lines, size = [HEADING], len(HEADING)
    for number, finding in enumerate(findings):
        line = f"{MARKS[finding.severity]} {finding.problem}. → {finding.mend}."
        size += len(line) + 1
        if size > MESSAGE_CHARS - 40:
            return "\n".join([*lines, f"-# … and {len(findings) - number} more"])
        lines.append(line)
    return "\n".join(lines)


class Check:
    """Answers the command, and updates the answer when a finding changes."""

    def __init__(self, services: CommandServices) -> None:
        self._scope_settings = services.scope_settings
        self._health = services.health
        self._tools = services.tools
        self._refreshing: dict[tuple[int, int | None], asyncio.Task[None]] = {}

    def add_to(self, tree: Tree) -> None:
        tree.command(name="check", description="What is wrong in this server and channel, and how to fix it")(
            self.check
        )

    @in_servers_only
    async def check(self, interaction: Interaction) -> None:
        """Show the findings, and keep them up to date."""
        await interaction.response.defer(ephemeral=True)
        if not interaction.permissions.manage_guild:
            await say(interaction, MAY_NOT_CHECK)
            return
        found = await self._findings(interaction)
        if found is None:
            await say(interaction, UNKNOWN)
            return
        await say(interaction, text_of(found))
        if found:
            self._follow(interaction, text_of(found))

    def _follow(self, interaction: Interaction, shown: str) -> None:
        """Keep the latest answer to a person in a server up to date, and no earlier one: each look has a cost."""
        who = interaction.user.id, interaction.guild_id
        if (earlier := self._refreshing.get(who)) is not None:
            earlier.cancel()
        task = asyncio.create_task(self._refresh(interaction, shown), name="check")
        self._refreshing[who] = task

        def forget(ended: asyncio.Task[None]) -> None:
            if self._refreshing.get(who) is ended:
                del self._refreshing[who]

        task.add_done_callback(forget)

    async def _refresh(self, interaction: Interaction, shown: str) -> None:
        """Edit the answer when a finding changes, until nothing is wrong or the answer can no longer be edited."""
        try:
            async with asyncio.timeout(REFRESHED_FOR_S):
                while shown != NOTHING:
                    await asyncio.sleep(REFRESH_S)
                    found = await self._findings(interaction)
                    if found is not None and (text := text_of(found)) != shown:
                        await interaction.edit_original_response(content=text)
                        shown = text
        except (TimeoutError, StoreUnavailable, discord.DiscordException, OSError) as error:
            log.info("check_not_followed", kind=type(error).__name__)

    async def _findings(self, interaction: Interaction) -> tuple[Finding, ...] | None:
        """Return the findings about the server and the channel, None if discord.py does not know the server yet."""
        guild = interaction.client.get_guild(interaction.guild_id or 0)
        if guild is None or guild.me is None or interaction.channel_id is None:
            return None
        purposes = [(interaction.channel_id, Purpose.HERE), *await self._configured(guild)]
        by_scope = await self._scope_settings.by_scope(
            thread=None, channel=interaction.channel_id, server=guild.id
        )
        tools = [tool.name for tool in self._tools.definitions(by_scope)]
        facts = server_facts(guild, guild.me, purposes, guild.get_channel_or_thread, tools)
        return by_severity([*of_server(facts), *self._of_services()])

    async def _configured(self, guild: discord.Guild) -> list[tuple[int, Purpose]]:
        by_scope = self._scope_settings.by_scope
        channels = [each.id for each in guild.channels if may_be_answered(each)][:CHANNELS_MAX]
        own = await by_scope(thread=None, channel=None, server=guild.id)
        found = await asyncio.gather(
            *(by_scope(thread=None, channel=channel, server=guild.id) for channel in channels)
        )
        settings = {channel: each[Scope.CHANNEL] for channel, each in zip(channels, found, strict=True)}
        return list(configured_channels(own[Scope.SERVER], settings))

    def _of_services(self) -> Iterator[Finding]:
        if reason := self._health.claude_reason:
            yield Finding(
                Id.CLAUDE_ANSWER,
                Severity.WARNING,
                f"Answers have to wait: {reason}",
                "whoever runs me finds more in my log and at status.claude.com",
            )
