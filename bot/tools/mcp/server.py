"""A remote server: lists its tools, and calls them; a server that fails is left alone for a pause that grows."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from bot.config.settings import McpSettings
from bot.conversation.errors import BobbinError
from bot.tools.mcp.address import AddressRefused, NotResolved
from bot.tools.mcp.answers import Answers
from bot.tools.mcp.connection import connected
from bot.tools.mcp.definition import RemoteTool, Unusable, nodes_of, remote_tool
from bot.tools.mcp.pause import Pause
from bot.tools.mcp.results import Result
from bot.tools.tool import ToolFailed

if TYPE_CHECKING:
    from mcp import Client
    from mcp_types import Tool as ListedTool

log = structlog.get_logger()

MOST_TOOLS = 100
MOST_PAGES = 10
MOST_NODES_LISTED = 6000
"""The most values in the schemas of all tools of a server: a hundred tools with sixty each."""

LIST_S = 20.0
AT_ONCE = 4
FRESH_S = 60.0
"""For so long a list counts as that of now."""

NOT_REACHED = "The MCP server {server} cannot be reached at the moment. Say so, and go on without it."
BROKEN = (
    "The connection to the MCP server {server} broke during the call. It is not known whether the call took effect: "
    "do not repeat it by yourself."
)
TOO_LARGE = (
    "The answer of the MCP server {server} is too large to be read, though the call has been made. "
    "Ask for less."
)
REFUSED = "The MCP server {server} refused the call: an error of its protocol (code {code})."
CHANGED = (
    "The MCP server {server} has changed what it says of this tool, and nobody has accepted the change yet, so it "
    "cannot be called. Tell the person that somebody who manages the server can look at the change with /tools show."
)
WITHDRAWN = "The MCP server {server} does not have this tool any more."


class ServerDown(BobbinError):
    """A server cannot be reached, or does not answer as a server does."""


@dataclass(slots=True)
class _Call:
    """How far a call has come; exceptions pass the client in groups, so outcomes are noted here."""

    begun: bool = False
    result: Result | None = None
    failure: str = ""


@dataclass(slots=True)
class _Listing:
    """What a server lists: the tools by our names, and by digest what was said of each, or why it is left out."""

    found: dict[str, RemoteTool] = field(default_factory=dict)
    judged: dict[str, RemoteTool | str] = field(default_factory=dict)
    nodes: int = 0


class RemoteServer:
    """One server; `listed` are its tools by our names, as last listed. `found` is called after each listing."""

    def __init__(
        self,
        settings: McpSettings,
        *,
        found: Callable[[RemoteServer], None] = lambda _server: None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._found = found
        self.name = settings.name
        self.listed: dict[str, RemoteTool] = {}
        self.is_listed = False
        self._now_s = now_s
        self._pause = Pause()
        self._listed_s = float("-inf")
        self._listing = asyncio.Lock()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._skipped: set[str] = set()
        self._judged: dict[str, RemoteTool | str] = {}

    @property
    def pause_s(self) -> float:
        """How long the pause after the last failure goes on."""
        return max(0.0, self._pause.until_s - self._now_s())

    @property
    def may_be_tried(self) -> bool:
        """Whether the pause after the last failure is over."""
        return self._pause.is_over(self._now_s())

    async def refresh(self) -> None:
        """List the tools again unless that was done a moment ago; ServerDown if the server cannot be reached."""
        async with self._listing:
            if self._now_s() - self._listed_s < FRESH_S:
                return
            if not self.may_be_tried:
                raise ServerDown(NOT_REACHED.format(server=self.name))
            answers = Answers()
            try:
                async with (
                    asyncio.timeout(min(LIST_S, self.settings.timeout_s)),
                    connected(self.settings, answers) as client,
                ):
                    found = await self._list(client)
            except Exception as error:  # noqa: BLE001 - a server, and what the client makes of its answers
                self._failed(error, answers)
                raise ServerDown(NOT_REACHED.format(server=self.name)) from None
            self._note(found)

    async def call(self, tool: RemoteTool, arguments: Mapping[str, Any]) -> Result:
        """Call a tool as it was defined; raises ToolFailed, or TimeoutError once the call has begun."""
        if not self.may_be_tried:
            raise ToolFailed(NOT_REACHED.format(server=self.name))
        call, answers = _Call(), Answers()
        try:
            async with (
                self._slots,
                asyncio.timeout(self.settings.timeout_s),
                connected(self.settings, answers) as client,
            ):
                await self._call(client, tool, arguments, call)
        except TimeoutError as error:
            if call.result is None and not call.failure:
                self._failed(error, answers)
                if call.begun:
                    raise TimeoutError from None
                call.failure = NOT_REACHED
        except Exception as error:  # noqa: BLE001 - a server, and what the client makes of its answers
            if answers.is_too_large and call.begun:
                call.failure = TOO_LARGE
            elif call.result is None and not call.failure:
                self._failed(error, answers)
                call.failure = BROKEN if call.begun else NOT_REACHED
        if call.result is None:
            raise ToolFailed(call.failure.format(server=self.name))
        return call.result

    async def _call(
        self, client: Client, tool: RemoteTool, arguments: Mapping[str, Any], call: _Call
    ) -> None:
        from mcp import MCPError

        # The definition is compared with that of now in the same connection: a call of what nobody has seen is not
        # made.
        self._note(await self._list(client))
        listed = self.listed.get(tool.name)
        if listed is None or listed.digest != tool.digest:
            call.failure = WITHDRAWN if listed is None else CHANGED
            return
        call.begun = True
        try:
            call.result = await client.call_tool(tool.remote_name, dict(arguments))
        except MCPError as error:
            if error.code in _TRANSPORT_CODES:
                raise
            call.failure = REFUSED.replace("{code}", str(error.code))

    async def _list(self, client: Client) -> dict[str, RemoteTool]:
        listing = _Listing()
        try:
            await self._read(client, listing)
        finally:  # a listing that is broken off goes on where it was
            self._judged = listing.judged or self._judged
        return listing.found

    async def _read(self, client: Client, listing: _Listing) -> None:
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            for each in page.tools:
                if self.settings.tools and each.name not in self.settings.tools:
                    continue
                try:
                    await self._add(listing, each)
                except Unusable as error:
                    self._skip(each.name, str(error))
            cursor = page.next_cursor
            if not cursor:
                break

    async def _add(self, listing: _Listing, said: ListedTool) -> None:
        """Add a tool that the server lists; raises Unusable."""
        tool = await self._judge(listing, said)
        if isinstance(tool, str):
            raise Unusable(tool)
        if tool.name in listing.found:
            raise Unusable("another tool of the server has this name already")
        listing.found[tool.name] = tool

    async def _judge(self, listing: _Listing, said: ListedTool) -> RemoteTool | str:
        """Return the definition of a tool, or why there is none; each call lists all tools, so this is remembered.

        A schema is checked in a thread, because that takes up to a third of a second.
        """
        listing.nodes += nodes_of(said.input_schema)
        if listing.nodes > MOST_NODES_LISTED:
            raise Unusable("the schemas of the server's tools are too large together")
        text = json.dumps([said.name, said.description, said.input_schema, _reads_only(said)], sort_keys=True)
        key = hashlib.sha256(text.encode(errors="replace")).hexdigest()
        judged = listing.judged
        if key not in judged:
            if len(judged) == MOST_TOOLS:
                raise Unusable(f"the server has more than {MOST_TOOLS} tools")
            known = self._judged.get(key)
            judged[key] = await asyncio.to_thread(_definition, self.name, said) if known is None else known
        return judged[key]

    def _note(self, found: dict[str, RemoteTool]) -> None:
        if self._pause.failures or not self.is_listed:
            log.info("mcp_server_listed", server=self.name, tools=len(found))
        self.listed, self.is_listed = found, True
        self._pause, self._listed_s = Pause(), self._now_s()
        self._found(self)

    def _failed(self, error: BaseException, answers: Answers) -> None:
        now_s = self._now_s()
        is_first = not self._pause.failures
        self._pause = self._pause.after_failure(now_s)
        self._listed_s = float("-inf")
        if is_first:
            is_ours = isinstance(error, (AddressRefused, NotResolved))
            detail = str(error) if is_ours else _detail(error, answers)
            log.warning("mcp_server_unreachable", server=self.name, error=detail)

    def _skip(self, remote_name: str, reason: str) -> None:
        if remote_name not in self._skipped and len(self._skipped) < MOST_TOOLS:
            self._skipped.add(remote_name)
            log.warning("mcp_tool_skipped", server=self.name, tool=remote_name[:64], reason=reason)


def _reads_only(said: ListedTool) -> bool:
    hints = said.annotations
    return hints is not None and hints.read_only_hint is True


def _definition(server: str, said: ListedTool) -> RemoteTool | str:
    try:
        return remote_tool(
            server, said.name, said.description, said.input_schema, reads_only=_reads_only(said)
        )
    except Unusable as error:
        return str(error)


_TRANSPORT_CODES = frozenset({-32000, -32001, -32603})
"""What the client makes of a connection that broke, of an answer that did not come, and of an error of HTTP."""


def _detail(error: BaseException, answers: Answers) -> str:
    """Return the type of an error, of a group the first one's; texts may hold what the server sent."""
    if answers.is_too_large:
        return "an answer is larger than max_kb"
    if answers.error_status:
        return f"HTTP {answers.error_status}"
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__
