"""/budget: the limits of a server in messages, tokens and dollars, within those of the operator."""

from __future__ import annotations

from typing import Literal

import discord
import structlog
from discord import app_commands

from bot.commands import apps, budget_view, permission_rules
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import Invocation, resolve_invocation
from bot.commands.payer import payer_of
from bot.commands.rule_autocomplete import autocomplete_rules, matching, stored_rule
from bot.commands.scopes import SCOPE_NAMES
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation import wording
from bot.conversation.amount import Amount, amount_of
from bot.conversation.budget import ALL, EACH, NOTIFY, PREFIX, budget_of, ceiling, limits, setting_name
from bot.conversation.errors import DiscordError
from bot.conversation.period import PeriodName
from bot.conversation.scope import Scope, Settings
from bot.render.outbox import Outgoing

log = structlog.get_logger()

UnitName = Literal["messages", "tokens", "USD"]

LEAST, MOST = 0.000001, 1_000_000_000.0
"""A micro-dollar, and a number of tokens or dollars that nobody reaches."""

WHO = {ALL: "all together", EACH: "each person"}

WHERE_HELP = "Where it applies; the server unless you choose the channel"
UNIT_HELP = "What is counted: messages are answers; tokens are input and output"
PERIOD_HELP = "How often the limit renews, in UTC"
WHO_HELP = "Whether all share the limit, or each person has one"
ROLE_HELP = "For the people with this role, who share the limit"
PERSON_HELP = "For this person, in place of the limit for each person"
LIMIT_HELP = "A limit that is set, also for a deleted role or a person who left"


class _Scopes(app_commands.Transformer):
    """Shows the scopes by name: discord.py would show the members of the enumeration."""

    @property
    def choices(self) -> list[app_commands.Choice[str | int | float]]:
        return [
            app_commands.Choice(name=SCOPE_NAMES[scope], value=scope.value)
            for scope in (Scope.CHANNEL, Scope.SERVER)
        ]

    async def transform(self, _: Interaction, value: str) -> Scope:
        return Scope(value)


class _Who(app_commands.Transformer):
    """Offers a limit for all together or for each person."""

    @property
    def choices(self) -> list[app_commands.Choice[str | int | float]]:
        return [app_commands.Choice(name=name, value=who) for who, name in WHO.items()]

    async def transform(self, _: Interaction, value: str) -> str:
        return value


@in_servers_and_dms
class BudgetCommands(
    app_commands.Group, name="budget", description="How much may be asked of Claude here, and what is left"
):
    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._budgets = services.budgets
        self._policy = services.budget_policy
        self._outbox = services.outbox
        self._clock = services.clock

    def add_to(self, tree: Tree) -> None:
        tree.add_command(self)

    @app_commands.command(name="show", description="Show which limits apply to you here, and what is left")
    async def show(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        by_scope = await self._scope_settings.by_scope(
            thread=None, channel=invocation.channel, server=invocation.server
        )
        payer = payer_of(interaction, invocation)
        budget = budget_of(self._policy().ceilings, by_scope)
        apply = limits(self._policy().shown_rules(budget.rules), payer, self._clock.now_s())
        uses = await self._budgets.uses(apply)
        manages = permission_rules.SERVER.allows(invocation.person)
        others = _set_here(by_scope) if manages else []
        await say(interaction, budget_view.shown(apply, uses, others, budget.notify if manages else None))

    @app_commands.command(name="set", description="Set a limit for a server or channel, a role or a person")
    @app_commands.rename(who="for")
    @app_commands.describe(
        amount="How many messages, tokens or US dollars",
        unit=UNIT_HELP,
        per=PERIOD_HELP,
        who=WHO_HELP,
        role=ROLE_HELP,
        person=PERSON_HELP,
        scope=WHERE_HELP,
    )
    async def set_(
        self,
        interaction: Interaction,
        amount: app_commands.Range[float, LEAST, MOST],
        unit: UnitName,
        per: PeriodName,
        who: app_commands.Transform[str, _Who] | None = None,
        role: discord.Role | None = None,
        person: discord.User | None = None,
        scope: app_commands.Transform[Scope, _Scopes] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        try:
            wanted = amount_of(f"{amount:.6f}".rstrip("0").rstrip(".") + f" {unit} per {per}")
        except ValueError as error:
            await say(interaction, f"The amount {error}. Nothing was changed.")
            return
        found = await self._target(interaction, who, role, person, scope)
        if isinstance(found, str):
            await say(interaction, found)
            return
        if (refusal := apps.refusal(interaction, role, person)) is not None:
            await say(interaction, refusal)
            return
        invocation, target, whose, where = found
        exceeded = ceiling(self._policy().ceilings, whose, where, wanted)
        if exceeded is not None:
            await say(interaction, budget_view.exceeds(wanted, exceeded))
            return
        name = setting_name(whose, wanted)
        await self._scope_settings.change(invocation.actor, where, target, {name: str(wanted)})
        log.info("budget_set", scope=where.value, target=target, limit=str(wanted))
        await say(interaction, budget_view.limit_set(whose, where, wanted))

    @app_commands.command(name="clear", description="Remove a limit of a server or channel")
    @app_commands.rename(who="for")
    @app_commands.describe(
        unit=UNIT_HELP,
        per=PERIOD_HELP,
        who=WHO_HELP,
        role=ROLE_HELP,
        person=PERSON_HELP,
        scope=WHERE_HELP,
        limit=LIMIT_HELP,
    )
    async def clear(
        self,
        interaction: Interaction,
        unit: UnitName | None = None,
        per: PeriodName | None = None,
        who: app_commands.Transform[str, _Who] | None = None,
        role: discord.Role | None = None,
        person: discord.User | None = None,
        scope: app_commands.Transform[Scope, _Scopes] | None = None,
        limit: str | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        found = await self._target(interaction, who, role, person, scope)
        if isinstance(found, str):
            await say(interaction, found)
            return
        invocation, target, whose, where = found
        if limit is not None:
            by_scope = await self._scope_settings.by_scope(
                thread=None, channel=invocation.channel, server=invocation.server
            )
            held = [
                stored_rule(PREFIX, name, setting.value)
                for name, setting in by_scope.get(where, {}).items()
                if name.startswith(PREFIX)
            ]
            names = [f"{PREFIX}{each.key}" for each in matching(held, limit)]
        elif unit is None or per is None:
            await say(interaction, budget_view.WHICH_LIMIT)
            return
        else:
            names = [setting_name(whose, amount_of(f"1 {unit} per {per}"))]
        removed = await self._scope_settings.change(invocation.actor, where, target, dict.fromkeys(names))
        log.info("budget_cleared", scope=where.value, target=target, limits=len(removed))
        if limit is None:
            kind = amount_of(f"1 {unit} per {per}")
            await say(interaction, budget_view.limit_cleared(whose, where, kind, was_set=bool(removed)))
        else:
            await say(interaction, budget_view.limits_cleared(where, len(removed)))

    @clear.autocomplete("limit")
    async def autocomplete_limit(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the limits of the chosen scope."""
        return await autocomplete_rules(
            interaction, self._scope_settings, typed, default=Scope.SERVER, family=PREFIX
        )

    @app_commands.command(
        name="notify", description="Choose the channel for a notice when a limit is nearly used up"
    )
    @app_commands.describe(channel="The channel; leave it out for no notices")
    async def notify(self, interaction: Interaction, channel: discord.TextChannel | None = None) -> None:
        """Set the channel for notices, after a test message has been posted there."""
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        if invocation.server is None:
            await say(interaction, budget_view.ONLY_IN_SERVERS)
            return
        if not permission_rules.SERVER.allows(invocation.person):
            await say(interaction, budget_view.MAY_NOT_SET)
            return
        if channel is not None:
            text = wording.small(budget_view.NOTIFY_TEST)
            try:
                await self._outbox.send(channel.id, Outgoing(text, nonce=f"{interaction.id}-b", silent=True))
            except DiscordError:
                await say(interaction, budget_view.notify_failed(channel.id))
                return
        value = None if channel is None else str(channel.id)
        changed = await self._scope_settings.change(
            invocation.actor, Scope.SERVER, invocation.server, {NOTIFY: value}
        )
        log.info("budget_notify_set", server=invocation.server, channel=value)
        if channel is not None:
            await say(interaction, budget_view.notify_set(channel.id))
        else:
            await say(interaction, budget_view.NOTIFY_CLEARED if changed else budget_view.NO_NOTIFY)

    async def _target(
        self,
        interaction: Interaction,
        who: str | None,
        role: discord.Role | None,
        person: discord.User | None,
        scope: Scope | None,
    ) -> tuple[Invocation, int, str, Scope] | str:
        """Return the invocation, the scope's id, the subject and the scope of a limit; or the reason of a refusal."""
        invocation = await resolve_invocation(interaction, self._conversations)
        where = scope or Scope.SERVER
        target = invocation.channel if where is Scope.CHANNEL else invocation.server
        if target is None:
            return budget_view.ONLY_IN_SERVERS
        if not permission_rules.SERVER.allows(invocation.person):
            return budget_view.MAY_NOT_SET
        if sum(each is not None for each in (who, role, person)) > 1:
            return budget_view.TWO_SUBJECTS
        if role is not None:
            return invocation, target, ALL if role.is_default() else f"role:{role.id}", where
        return invocation, target, f"person:{person.id}" if person is not None else who or ALL, where


def _set_here(by_scope: dict[Scope, Settings]) -> list[tuple[str, Scope, Amount]]:
    """Return the limits that were set by command: for whom, in which scope, and how much."""
    found = []
    for scope, settings in by_scope.items():
        for name, setting in sorted(settings.items()):
            if name.startswith(PREFIX):
                who = name.removeprefix(PREFIX).rsplit(":", 2)[0]
                try:
                    found.append((who, scope, amount_of(setting.value)))
                except ValueError:
                    continue
    return found
