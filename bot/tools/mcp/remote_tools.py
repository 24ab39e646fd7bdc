"""The tools of all remote servers: which are offered where, and what a change of a server means.

A tool is offered as it was defined when somebody switched it on, whatever its server says since, and whether or not
the server can be reached: requests keep their beginning. What a server has changed counts once somebody switches the
tool on again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from bot.config.settings import McpSettings
from bot.conversation.errors import BobbinError, StoreUnavailable
from bot.conversation.scope import Scope, Settings
from bot.conversation.tool_definition import ToolDefinition
from bot.conversation.tool_pins import pin_name, pins
from bot.conversation.tool_settings import ASK, ON, is_on
from bot.store.pinned_tools import PinnedTools
from bot.store.scope_settings import ScopeSettings
from bot.tools.mcp.definition import RemoteTool, load_tool, told_change
from bot.tools.mcp.results import Convert, output_of
from bot.tools.mcp.server import RemoteServer, ServerDown
from bot.tools.tool import Tool, ToolContext, ToolFailed, ToolOutput, ToolPlace

log = structlog.get_logger()

LOOK_S = 600.0
"""How often a server is asked whether its tools have changed."""

AFTER_CALL_S = 15.0
"""How long the reading of a result may take: pictures are converted."""

NOT_HERE = "This tool is not switched on here."
NOT_LISTED = "The MCP server {server} has no tool of this name that can be used."


class NotListed(BobbinError):
    """A server does not have a tool; the text is for people."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a server says of a tool now, other than what counts in a place."""

    tool: str
    told: str


class RemoteTools:
    """Holds the servers, and the definitions that were pinned anywhere."""

    def __init__(
        self,
        servers: Sequence[McpSettings],
        pinned: PinnedTools,
        scope_settings: ScopeSettings,
        convert: Convert,
        is_taken: Callable[[str], bool] = lambda _name: False,
    ) -> None:
        self._servers = {each.name: RemoteServer(each, found=self._look_for_changes) for each in servers}
        self._pinned = pinned
        self._scope_settings = scope_settings
        self._convert = convert
        self._is_taken = is_taken
        self._definitions: dict[str, RemoteTool] = {}
        self._changes_logged: set[str] = set()

    async def load(self) -> None:
        """Read the pinned definitions, so that calls which were allowed before a restart find their tools."""
        for digest, text in (await self._pinned.all()).items():
            if digest not in self._definitions and (tool := load_tool(text)) is not None:
                self._definitions[digest] = tool

    async def offered(
        self, place: ToolPlace, by_scope: Mapping[Scope, Settings]
    ) -> tuple[ToolDefinition, ...]:
        """Return the tools that a request in a place offers, as they were pinned there."""
        found = await self._in_force(place, by_scope)
        return tuple(tool.definition for name, tool in found.items() if is_on(by_scope, name, ()))

    def find(self, name: str) -> Tool | None:
        """Return a tool that runs in whichever place has pinned it, None if there is none of that name."""
        server = self._server_of(name)
        known = [tool for tool in self._definitions.values() if tool.name == name]
        if server is None or not (known := known or [*filter(None, [server.listed.get(name)])]):
            return None
        reads_only = all(tool.reads_only for tool in known)
        return Tool(
            name=name,
            description=known[-1].description,
            schema={"type": "object"},
            run=partial(self._run, server, name),
            status=f"Asking the MCP server {server.name}",
            changes=not reads_only,
            asks=not reads_only,
            time_limit_s=server.settings.timeout_s + AFTER_CALL_S,
        )

    def listed(self, name: str) -> RemoteTool | None:
        """Return a tool as its server described the tool last."""
        server = self._server_of(name)
        return None if server is None else server.listed.get(name)

    def available(self, place: ToolPlace) -> tuple[RemoteTool, ...]:
        """Return the tools that may be switched on in a place, as they were listed last."""
        return tuple(
            tool
            for server in self._servers.values()
            if _is_meant_for(server.settings, place)
            for name, tool in sorted(server.listed.items())
            if not self._is_taken(name)
        )

    async def refresh(self, place: ToolPlace) -> None:
        """List the tools that may be switched on in a place; a server that is down keeps those listed last."""
        servers = [server for server in self._servers.values() if _is_meant_for(server.settings, place)]
        await asyncio.gather(*(server.refresh() for server in servers), return_exceptions=True)

    async def settings_with(self, place: ToolPlace, tool: str, value: str | None) -> dict[str, str | None]:
        """Return the settings that must be changed together with `tool:<name>`, nothing for a tool that runs here.

        Switching a tool on pins what its server says of the tool now; doing so again accepts a change. ServerDown or
        NotListed, with a text for people, if that cannot be found out.
        """
        server = self._server_of(tool)
        if server is None or self._is_taken(tool):
            return {}
        if value not in (ON, ASK):
            return {pin_name(tool): None}
        await server.refresh()
        listed = server.listed.get(tool)
        if listed is None or not _is_meant_for(server.settings, place):
            raise NotListed(NOT_LISTED.format(server=server.name))
        await self._pinned.save(listed.digest, listed.dump())
        self._definitions[listed.digest] = listed
        return {pin_name(tool): listed.digest}

    async def changes(self, place: ToolPlace, by_scope: Mapping[Scope, Settings]) -> tuple[Change, ...]:
        """Return what servers have changed of the tools that are switched on in a place."""
        in_force = await self._in_force(place, by_scope)
        servers = {tool.server: self._servers[tool.server] for tool in in_force.values()}
        await asyncio.gather(*(each.refresh() for each in servers.values()), return_exceptions=True)
        found = []
        for name, tool in in_force.items():
            server = servers[tool.server]
            listed = server.listed.get(name)
            if server.is_listed and (listed is None or listed.digest != tool.digest):
                found.append(Change(name, told_change(tool, listed)))
        return tuple(found)

    async def watch(self) -> None:
        """List each server's tools, again after a pause that grows where that fails; until cancelled."""
        await asyncio.gather(*map(self._watch, self._servers.values()))

    async def _watch(self, server: RemoteServer) -> None:
        while True:
            try:
                await self.load()
                await server.refresh()
                pause_s = LOOK_S
            except ServerDown:
                pause_s = server.pause_s
            except StoreUnavailable:
                pause_s = LOOK_S
            await asyncio.sleep(pause_s)

    async def _run(
        self, server: RemoteServer, name: str, context: ToolContext, arguments: Mapping[str, Any]
    ) -> ToolOutput:
        place = context.place
        by_scope = await self._scope_settings.by_scope(
            thread=place.conversation, channel=place.channel, server=place.server
        )
        tool = (await self._in_force(place, by_scope)).get(name)
        if tool is None:
            raise ToolFailed(NOT_HERE)
        return await output_of(await server.call(tool, arguments), self._convert)

    async def _in_force(self, place: ToolPlace, by_scope: Mapping[Scope, Settings]) -> dict[str, RemoteTool]:
        """Return the definitions that count in a place by name, without those that the operator does not allow."""
        wanted = pins(by_scope)
        if any(digest not in self._definitions for digest in wanted.values()):
            await self.load()
        found = {}
        for name, digest in wanted.items():
            tool, server = self._definitions.get(digest), self._server_of(name)
            if tool is None or server is None or tool.name != name or self._is_taken(name):
                continue
            if _allows(server.settings, tool) and _is_meant_for(server.settings, place):
                found[name] = tool
        return found

    def _server_of(self, name: str) -> RemoteServer | None:
        return self._servers.get(name.partition("_")[0])

    def _look_for_changes(self, server: RemoteServer) -> None:
        """Log once what a server has changed of a tool that is pinned somewhere."""
        pinned = {
            (tool.name, digest) for digest, tool in self._definitions.items() if tool.server == server.name
        }
        for name in sorted({name for name, _ in pinned}):
            listed = server.listed.get(name)
            digest = "" if listed is None else listed.digest
            if (name, digest) not in pinned and f"{name} {digest}" not in self._changes_logged:
                self._changes_logged.add(f"{name} {digest}")
                log.warning(
                    "mcp_tool_changed",
                    server=server.name,
                    tool=name,
                    withdrawn=listed is None,
                    see="/tools show",
                )


def _allows(settings: McpSettings, tool: RemoteTool) -> bool:
    return not settings.tools or tool.remote_name in settings.tools


def _is_meant_for(settings: McpSettings, place: ToolPlace) -> bool:
    if place.server is None:  # nobody administers direct messages, and somebody must accept a definition
        return False
    if settings.servers and place.server not in settings.servers:
        return False
    return not settings.channels or not {place.conversation, place.channel}.isdisjoint(settings.channels)
