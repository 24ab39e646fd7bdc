"""/access: who may use the bot in a channel or a server, by role and by person."""

from __future__ import annotations

import discord
import structlog
from discord import app_commands

from bot.commands import apps, permission_rules
from bot.commands.access_view import (
    app_shown,
    changed,
    cleared,
    defaults_shown,
    lifted_pause,
    no_rules,
    paused,
    rules_shown,
    verdict,
)
from bot.commands.admission import roles_of
from bot.commands.audit_notes import note
from bot.commands.command_contexts import in_servers_only
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import Invocation, resolve_invocation
from bot.commands.rule_autocomplete import autocomplete_rules, matching, stored_rule
from bot.commands.scopes import (
    CHANNEL_HELP,
    ChannelOption,
    Refusals,
    WideScopeOption,
)
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.access_rules import (
    ALLOW,
    BLOCK,
    FAMILY,
    PERSON,
    ROLE,
    SCOPES,
    Access,
    access_of,
    rules_of,
)
from bot.conversation.audit import Act
from bot.conversation.errors import SettingsFull
from bot.conversation.scope import Scope, Settings
from bot.store.scope_settings import Cap
from bot.store.settings_cache import ByScope

log = structlog.get_logger()

RULES_MAX = 50
"""The most rules of a scope: one answer shows all of them."""

SCOPE_HELP = "Where the rule applies; a channel's rule overrides the server's"
ROLE_HELP = "The role; @everyone stands for everybody without another rule"
PERSON_HELP = "The person"
RULE_HELP = "A rule that is set, also for a deleted role or a person who left"

WHOM = "Choose a role, a person, or both. The role @everyone stands for everybody without another rule."
TOO_MANY = (
    f"There are already {RULES_MAX} rules, which is the most for a channel or a server. Remove some with /access "
    "clear, then try again."
)
OTHERS = "Only somebody with the permission “Manage Server” can see the rules for others. "

OTHERS_MAY_TOO = (
    "Everybody else may use me there as well; to change that, use /access block with role:@everyone."
)
ONLY_WITH_A_RULE = (
    "Only people and roles with a rule of their own may use me there: let them in with /access allow."
)
NOBODY = 0
"""The id of a person without roles and rules."""

REFUSALS = Refusals(
    "There are no access rules in direct messages.",
    {
        scope: permission_rules.BY_SCOPE[scope].refusal(f"decide who may use me in a {scope.value}")
        for scope in Scope
    },
)


@in_servers_only
class AccessRules(app_commands.Group, name="access", description="Who may use me here"):
    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._defaults = services.access_defaults
        self._limits = services.person_limits
        self._audit_log = services.audit_log
        self._clock = services.clock

    def add_to(self, tree: Tree) -> None:
        tree.add_command(self)

    @app_commands.command(name="show", description="Show whether you may use me here, and which rule says so")
    @app_commands.describe(person="Somebody else; only if you manage the server", channel=CHANNEL_HELP)
    async def show(
        self,
        interaction: Interaction,
        person: discord.User | None = None,
        channel: ChannelOption | None = None,
    ) -> None:
        """Show the rule that applies to the person; to managers of the server, all rules or that for `person`."""
        await interaction.response.defer(ephemeral=True)
        invocation = (await resolve_invocation(interaction, self._conversations)).at(channel)
        elsewhere = invocation.elsewhere
        by_scope = await self._by_scope(invocation)
        manages = invocation.person.manages_server
        found = self._access(interaction.user.id, roles_of(interaction), by_scope, invocation)
        asked = person.id if manages and person is not None else interaction.user.id
        home = invocation.actor.home
        pause = await self._limits.pause(home, asked, at_ms=self._clock.now_ms())
        rest = paused(pause, is_self=asked == interaction.user.id)
        if not manages:
            about = "" if person is None or person.id == interaction.user.id else OTHERS
            shown = verdict(found, invocation.server, names_person=False, elsewhere=elsewhere)
            await say(interaction, about + shown + rest)
            return
        if person is not None and person.bot:
            await say(interaction, app_shown(person.id))
            return
        if person is not None and person.id != interaction.user.id:
            roles = frozenset(role.id for role in getattr(person, "roles", ()))
            found = self._access(person.id, roles, by_scope, invocation)
            who = f"<@{person.id}>"
            shown = verdict(found, invocation.server, names_person=True, who=who, elsewhere=elsewhere)
            await say(interaction, shown + rest)
            return
        await say(
            interaction,
            f"{verdict(found, invocation.server, names_person=True, elsewhere=elsewhere)}{rest}\n"
            f"{defaults_shown(self._defaults())}",
        )
        for scope in SCOPES:
            held = by_scope.get(scope, {})
            gone = _deleted(interaction.guild, held)
            await say(interaction, rules_shown(scope, held, invocation.server, elsewhere, gone=gone))

    @app_commands.command(
        name="allow", description="Let a role or a person use me in a channel or the server"
    )
    @app_commands.describe(role=ROLE_HELP, person=PERSON_HELP, scope=SCOPE_HELP, channel=CHANNEL_HELP)
    async def allow(
        self,
        interaction: Interaction,
        role: discord.Role | None = None,
        person: discord.User | None = None,
        scope: WideScopeOption | None = None,
        channel: ChannelOption | None = None,
    ) -> None:
        await self._set(interaction, ALLOW, role, person, scope, channel)

    @app_commands.command(name="block", description="Ignore a role or a person in a channel or the server")
    @app_commands.describe(role=ROLE_HELP, person=PERSON_HELP, scope=SCOPE_HELP, channel=CHANNEL_HELP)
    async def block(
        self,
        interaction: Interaction,
        role: discord.Role | None = None,
        person: discord.User | None = None,
        scope: WideScopeOption | None = None,
        channel: ChannelOption | None = None,
    ) -> None:
        await self._set(interaction, BLOCK, role, person, scope, channel)

    @app_commands.command(
        name="clear", description="Remove the rule for a role or a person; without options, all rules"
    )
    @app_commands.describe(
        role=ROLE_HELP, person=PERSON_HELP, rule=RULE_HELP, scope=SCOPE_HELP, channel=CHANNEL_HELP
    )
    async def clear(
        self,
        interaction: Interaction,
        role: discord.Role | None = None,
        person: discord.User | None = None,
        rule: str | None = None,
        scope: WideScopeOption | None = None,
        channel: ChannelOption | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = (await resolve_invocation(interaction, self._conversations)).at(channel)
        target = invocation.scope_target(scope or Scope.CHANNEL, REFUSALS)
        if isinstance(target, str):
            await say(interaction, target)
            return
        held = rules_of((await self._by_scope(invocation)).get(target.scope, {}))
        names = _names(role, person)
        if rule is not None:
            stored = [stored_rule(FAMILY, name, value) for name, value in held.items()]
            names += [f"{FAMILY}{each.key}" for each in matching(stored, rule)]
        elif not names:
            names = [*held]
            if not names:
                await say(interaction, no_rules(target.scope, invocation.elsewhere))
                return
        removed = await self._scope_settings.change(
            invocation.actor, target.scope, target.target, dict.fromkeys(names)
        )
        log.info("access_rules_cleared", scope=target.scope.value, target=target.target, rules=len(removed))
        lifted = person is not None and await self._lift(invocation, person.id)
        if removed or not lifted:
            await say(interaction, cleared(target.scope, len(removed), invocation.elsewhere))
        if person is not None and lifted:
            await say(interaction, lifted_pause(person.id))

    @clear.autocomplete("rule")
    async def autocomplete_rule(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Offer the rules of the chosen scope."""
        says = {ALLOW: "allowed", BLOCK: "blocked"}
        return await autocomplete_rules(
            interaction, self._scope_settings, typed, default=Scope.CHANNEL, family=FAMILY, says=says
        )

    async def _lift(self, invocation: Invocation, person: int) -> bool:
        """End the pause of a person, which applies to the whole server; return whether there was one."""
        home = invocation.actor.home
        lifted = await self._limits.lift(home, person, at_ms=self._clock.now_ms())
        if lifted:
            log.info("pause_lifted", server=home)
            await note(self._audit_log, invocation, Act.PAUSE_LIFTED, before=str(person), server=True)
        return lifted

    async def _set(
        self,
        interaction: Interaction,
        value: str,
        role: discord.Role | None,
        person: discord.User | None,
        scope: Scope | None,
        channel: ChannelOption | None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = (await resolve_invocation(interaction, self._conversations)).at(channel)
        target = invocation.scope_target(scope or Scope.CHANNEL, REFUSALS)
        names = _names(role, person)
        if isinstance(target, str):
            await say(interaction, target)
            return
        if not names:
            await say(interaction, WHOM)
            return
        if (refusal := apps.refusal(interaction, role, person)) is not None:
            await say(interaction, refusal)
            return
        try:
            await self._scope_settings.change(
                invocation.actor,
                target.scope,
                target.target,
                dict.fromkeys(names, value),
                cap=Cap(FAMILY, RULES_MAX),
            )
        except SettingsFull:
            await say(interaction, TOO_MANY)
            return
        log.info("access_rule_set", scope=target.scope.value, target=target.target, rules=names, value=value)
        said = changed(target.scope, names, value, invocation.server, invocation.elsewhere)
        rest = self._about_everybody_else(names, value, await self._by_scope(invocation), invocation.server)
        await say(interaction, f"{said} {rest}".rstrip())

    def _about_everybody_else(
        self, names: list[str], value: str, by_scope: ByScope, server: int | None
    ) -> str:
        """Say what applies to everybody else, where a new rule for a role is easily misunderstood; "" elsewhere."""
        others_may = access_of(NOBODY, (), by_scope, self._defaults(), server=server).allowed
        if value == BLOCK and f"{ROLE}{server}" in names:
            return ONLY_WITH_A_RULE
        is_for_role = any(name.startswith(ROLE) and name != f"{ROLE}{server}" for name in names)
        return OTHERS_MAY_TOO if value == ALLOW and is_for_role and others_may else ""

    def _access(
        self, person: int, roles: frozenset[int], by_scope: ByScope, invocation: Invocation
    ) -> Access:
        return access_of(person, roles, by_scope, self._defaults(), server=invocation.server)

    async def _by_scope(self, invocation: Invocation) -> ByScope:
        return await self._scope_settings.by_scope(
            thread=None, channel=invocation.channel, server=invocation.server
        )


def _names(role: discord.Role | None, person: discord.User | None) -> list[str]:
    names = [f"{ROLE}{role.id}"] if role is not None else []
    return [*names, f"{PERSON}{person.id}"] if person is not None else names


def _deleted(guild: discord.Guild | None, settings: Settings) -> frozenset[str]:
    """Return the names of the rules for deleted roles."""
    roles = (name for name in rules_of(settings) if name.startswith(ROLE))
    return frozenset(
        name for name in roles if guild is not None and guild.get_role(int(name.removeprefix(ROLE))) is None
    )
