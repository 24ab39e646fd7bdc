"""/usage: what a person or a server has used, what it cost, and what is left of the limits."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
from functools import partial
from typing import Literal

import discord
import structlog
from discord import app_commands

from bot.commands import permission_rules, usage_view
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import Invocation, resolve_invocation
from bot.commands.payer import payer_of
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.commands.usage_names import Names, may_read
from bot.commands.usage_view import View
from bot.conversation import usage_csv
from bot.conversation.budget import budget_of, limits
from bot.conversation.usage import UsagePeriod, first_day, visible_in
from bot.render.chart import draw_chart

log = structlog.get_logger()

WhoseName = Literal["me", "server"]

CHARTS_AT_ONCE = 2
"""Drawing a chart occupies a processor for a second."""

MESSAGE_CHARS = 2000
"""The limit of a message (Discord, "Create Message")."""

PERIODS = {
    UsagePeriod.TODAY: "today",
    UsagePeriod.WEEK: "7 days",
    UsagePeriod.MONTH: "this month",
}


class _Periods(app_commands.Transformer):
    """Shows the periods by name: discord.py would show the members of the enumeration."""

    @property
    def choices(self) -> list[app_commands.Choice[str | int | float]]:
        return [app_commands.Choice(name=name, value=period.value) for period, name in PERIODS.items()]

    async def transform(self, _: Interaction, value: str) -> UsagePeriod:
        return UsagePeriod(value)


class Usage:
    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._budgets = services.budgets
        self._usage = services.usage
        self._policy = services.budget_policy
        self._clock = services.clock
        self._drawing = asyncio.Semaphore(CHARTS_AT_ONCE)

    def add_to(self, tree: Tree) -> None:
        @tree.command(
            name="usage", description="What you have used here, what it cost, and what is left to you"
        )
        @in_servers_and_dms
        @app_commands.describe(
            period="Since when, in UTC; 7 days if you leave it out",
            scope="Your own usage, or that of the whole server",
            csv="Attach a table for spreadsheets",
        )
        async def usage(
            interaction: Interaction,
            period: app_commands.Transform[UsagePeriod, _Periods] | None = None,
            scope: WhoseName = "me",
            csv: bool = False,
        ) -> None:
            await interaction.response.defer(ephemeral=True)
            await self._answer(interaction, period or UsagePeriod.WEEK, scope, with_csv=csv)

    async def _answer(
        self, interaction: Interaction, period: UsagePeriod, scope: WhoseName, *, with_csv: bool
    ) -> None:
        invocation = await resolve_invocation(interaction, self._conversations)
        if scope == "server" and interaction.guild_id is None:
            await say(interaction, usage_view.ONLY_IN_SERVERS)
            return
        if scope == "server" and not permission_rules.SERVER.allows(invocation.person):
            await say(interaction, usage_view.MAY_NOT_SEE)
            return
        today = dt.datetime.fromtimestamp(self._clock.now_s(), dt.UTC).date()
        home = interaction.guild_id or interaction.channel_id or 0
        rows = await self._usage.rows(home, first_day(period, today))
        server = None
        if scope == "me":
            rows = tuple(row for row in rows if row.person == interaction.user.id)
        else:
            server = interaction.guild.name if interaction.guild is not None else "This server"
        view = View(
            period, today, visible_in(rows, partial(may_read, interaction)), server, invocation.is_direct
        )
        names = Names(interaction.guild)
        if server is not None or with_csv:
            await names.look_up({row.person for row in rows})
        texts = [usage_view.shown(view), await self._limits(interaction, invocation, scope)]
        files = []
        if rows:
            chart = await self._chart(view, names)
            if chart is None:
                texts.append(usage_view.NO_CHART)
            else:
                files.append(chart)
        if with_csv:
            table = await asyncio.to_thread(usage_csv.written, view.rows, names.channel, names.person)
            files.append(discord.File(io.BytesIO(table), f"usage-{today.isoformat()}.csv"))
        first, *further = _messages(texts)
        await say(interaction, first, files=files)
        for text in further:
            await say(interaction, text)

    async def _limits(self, interaction: Interaction, invocation: Invocation, scope: WhoseName) -> str:
        """Say what is left of the person's limits, or how long those of the server last."""
        by_scope = await self._scope_settings.by_scope(
            thread=None, channel=invocation.channel, server=invocation.server
        )
        payer = payer_of(interaction, invocation)
        now_s = self._clock.now_s()
        policy = self._policy()
        rules = policy.shown_rules(budget_of(policy.ceilings, by_scope).rules)
        apply = limits(rules, payer, now_s)
        uses = await self._budgets.uses(apply)
        if scope == "me":
            return usage_view.remaining(apply, uses)
        return usage_view.projections(apply, uses, now_s)

    async def _chart(self, view: View, names: Names) -> discord.File | None:
        async with self._drawing:
            try:
                drawn = await draw_chart(usage_view.drawn(view, names.channel, names.person))
            except OSError:  # no child process could be started
                drawn = None
        if drawn is None:
            log.info("chart_failed", rows=len(view.rows))
            return None
        return discord.File(io.BytesIO(drawn), "usage.png", description=usage_view.described(view))


def _messages(texts: list[str]) -> list[str]:
    """Join texts to as few messages as hold them."""
    messages: list[str] = []
    for text in texts:
        if messages and len(messages[-1]) + 1 + len(text) <= MESSAGE_CHARS:
            messages[-1] += f"\n{text}"
        else:
            messages.append(text)
    return messages
