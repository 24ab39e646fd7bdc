"""/tools: which tools Claude may call in a thread, a channel or a server, and for which roles."""

from __future__ import annotations

from typing import Literal

import discord
import structlog
from discord import app_commands

from bot.commands import apps, tools_view
from bot.commands.admission import Admission
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import Invocation, resolve_invocation
from bot.commands.scopes import (
    CHANNEL_HELP,
    ONLY_IN_SERVERS,
    SCOPE_HELP,
    ChannelOption,
    Refusals,
    ScopeOption,
)
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.scope import Scope
from bot.conversation.tool_settings import ASK, OFF, ON, role_settings, setting_name
from bot.store.settings_cache import ByScope
from bot.tools.mcp.remote_tools import NotListed
from bot.tools.mcp.server import ServerDown
from bot.tools.tool import ToolPlace

log = structlog.get_logger()

ToolState = Literal["on", "off", "ask", "default"]

STATE_HELP = "ask: each call waits for a permission · default: remove the setting"
ROLE_HELP = "Only for people with this role; not possible for tools that run at Anthropic"

REFUSALS = Refusals(ONLY_IN_SERVERS, tools_view.REFUSALS)


@in_servers_and_dms
class Tools(app_commands.Group, name="tools", description="Which tools Claude may call here"):
    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._admission = Admission(services)
        self._offer = services.tools
        self._searches = services.search_limit

    def add_to(self, tree: Tree) -> None:
        tree.add_command(self)

    @app_commands.command(
        name="show", description="Show which tools Claude may call here, and where that was set"
    )
    @app_commands.describe(channel=CHANNEL_HELP)
    async def show(self, interaction: Interaction, channel: ChannelOption | None = None) -> None:
        """Show the tools; everybody may see them."""
        await interaction.response.defer(ephemeral=True)
        invocation = (await resolve_invocation(interaction, self._conversations)).at(channel)
        by_scope = await self._by_scope(invocation)
        place = invocation.tool_place
        await self._offer.refresh(place)
        on = [tool.name for tool in await self._offer.offered(place, by_scope)]
        most = self._searches.per_day
        used = (await self._searches.used(invocation.actor.home), most) if most else None
        texts = tools_view.shown(
            self._offer.facts(place),
            on,
            by_scope,
            names_person=invocation.person.manages_server,
            elsewhere=invocation.elsewhere,
            is_direct=invocation.is_direct,
            searches=used,
        )
        for text in texts:
            await say(interaction, text)
        changes = await self._offer.changes(place, by_scope)
        for text in tools_view.changed_at_servers(changes, in_full=tools_view.may_accept(invocation.person)):
            await say(interaction, text)

    @app_commands.command(
        name="set", description="Switch a tool on or off for a conversation, channel or server"
    )
    @app_commands.describe(
        tool="The tool", state=STATE_HELP, scope=SCOPE_HELP, role=ROLE_HELP, channel=CHANNEL_HELP
    )
    async def set_(
        self,
        interaction: Interaction,
        tool: str,
        state: ToolState,
        scope: ScopeOption | None = None,
        role: discord.Role | None = None,
        channel: ChannelOption | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = (await resolve_invocation(interaction, self._conversations)).at(channel)
        await say(interaction, await self._set(interaction, invocation, tool.strip(), state, scope, role))

    @set_.autocomplete("tool")
    async def autocomplete_tool(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Offer the tools that contain what was typed, from memory: Discord requests this at each keystroke."""
        channel = interaction.channel
        parent = channel.parent_id if isinstance(channel, discord.Thread) else None
        place = ToolPlace(interaction.channel_id or 0, parent, interaction.guild_id)
        names = tools_view.offered(self._offer.facts(place), typed)
        return [app_commands.Choice(name=name, value=name) for name in names]

    async def _set(
        self,
        interaction: Interaction,
        invocation: Invocation,
        name: str,
        state: ToolState,
        scope: Scope | None,
        role: discord.Role | None,
    ) -> str:
        target = await self._admission.scope_target(interaction, invocation, scope, REFUSALS)
        if isinstance(target, str):
            return target
        place = invocation.tool_place
        known = {each.name: each for each in self._offer.facts(place)}
        if name not in known:
            await self._offer.refresh(place)
            known = {each.name: each for each in self._offer.facts(place)}
        if (found := known.get(name)) is None:
            return tools_view.unknown(name, tuple(known.values()))
        if (refusal := _refusal(invocation, state, target.scope, role)) is not None:
            return refusal
        if found.runs_at_anthropic and state != "default" and (role is not None or state == ASK):
            return tools_view.runs_there(name)
        setting = setting_name(name, None if role is None else role.id)
        value = None if state == "default" else state
        try:
            more = await self._settings_with(invocation, place, name, value, target.scope, role)
        except (ServerDown, NotListed) as error:
            return str(error)
        before = await self._scope_settings.change(
            invocation.actor, target.scope, target.target, {setting: value, **more}
        )
        log.info("tool_set", scope=target.scope.value, target=target.target, tool=name, state=state)
        if value is None and not before:
            return tools_view.nothing_set(
                name, target.scope, invocation.elsewhere, is_direct=invocation.is_direct
            )
        of_role = None if role is None else role.id
        answer = tools_view.changed(
            name, state, target.scope, of_role, invocation.server, invocation.elsewhere
        )
        return (
            tools_view.with_definition(answer, self._offer.definition_now(name))
            if any(more.values())
            else answer
        )

    async def _settings_with(
        self,
        invocation: Invocation,
        place: ToolPlace,
        name: str,
        value: str | None,
        scope: Scope,
        role: discord.Role | None,
    ) -> dict[str, str | None]:
        """Return the settings that change together with a tool: the pinned definition of a remote tool.

        A tool that is switched off loses its pinned definition, unless the tool stays on for a role.
        """
        if value not in (ON, ASK):
            by_scope = await self._by_scope(invocation)
            roles = [each for each in role_settings(by_scope, name) if each.origin.scope is scope]
            if role is not None or any(each.origin.setting.value != OFF for each in roles):
                return {}
        return await self._offer.settings_with(place, name, value)

    async def _by_scope(self, invocation: Invocation) -> ByScope:
        return await self._scope_settings.by_scope(
            thread=invocation.conversation, channel=invocation.channel, server=invocation.server
        )


def _refusal(invocation: Invocation, state: ToolState, scope: Scope, role: discord.Role | None) -> str | None:
    """Say why a person may not set this, None if they may."""
    if invocation.server is None:
        if role is not None:
            return tools_view.NO_ROLES_HERE
        return None if state in (OFF, "default") else tools_view.OFF_ONLY
    if role is not None and role.is_bot_managed() and state != "default":
        return apps.role_of_app(role.id)
    if scope is Scope.THREAD and state != OFF and not tools_view.RULE.allows(invocation.person):
        return tools_view.MAY_NOT_SWITCH_ON
    return None
