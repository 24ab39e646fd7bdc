"""The tools that there are, and which of them are offered in a place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.conversation.audit_view import code
from bot.conversation.scope import Scope, Settings
from bot.conversation.server_tools import CODE_EXECUTION, WEB_FETCH, WEB_SEARCH
from bot.conversation.tool_definition import ToolDefinition
from bot.conversation.tool_settings import is_on
from bot.tools.installed import installed_tools
from bot.tools.mcp.definition import RemoteTool, told_definition
from bot.tools.mcp.remote_tools import Change, RemoteTools
from bot.tools.tool import ToolPlace
from bot.tools.toolbox import Toolbox

ABOUT = {
    WEB_SEARCH: "searches the web; each search costs money, and the query goes to Anthropic's search provider",
    WEB_FETCH: "reads web pages and PDFs whose addresses were written here or found by a search",
    CODE_EXECUTION: "runs code in a container at Anthropic, without a network, and makes files",
    "time_in": "tells the date and the time in a time zone",
    "remember": "keeps a fact for later conversations in this place",
    "forget_memory": "forgets a fact that the person who asks had remembered",
    "search_messages": "searches the server's messages, as far as everybody here may read them",
    "read_messages": "reads a linked message, thread, channel or forum, if everybody here may read it",
    "server_facts": "tells what every member can see of the server",
    "member_facts": "tells what every member can see of a member",
    "create_poll": "posts a poll here",
    "add_reaction": "reacts to a message here with an emoji",
    "set_reminder": "reminds the person who asks, here, once or again and again",
    "list_reminders": "lists the reminders that the person who asks has set here",
    "cancel_reminder": "cancels one of these reminders",
}
"""What our tools do, for people; the tools of operators say it in their docstrings."""

SENTENCE_CHARS = 100


@dataclass(frozen=True, slots=True)
class ToolFacts:
    """A tool as people know it; a call of a tool that `runs_at_anthropic` cannot be asked about or gated by role.

    Where nobody has decided, a call of a tool that `asks` waits for a permission.
    """

    name: str
    about: str
    runs_at_anthropic: bool = False
    asks: bool = False


def known_tools() -> tuple[str, ...]:
    """Return the names of all tools that are not remote; asks no service."""
    return (*ABOUT, *(tool.name for tool in installed_tools(ABOUT)))


class ToolOffer:
    """Knows the tools at Anthropic, those of the toolbox, and the `remote` ones.

    `defaults` are on where nobody has set others; no remote tool is. Those of `never` are offered nowhere. While
    `is_held_back`, no request offers a tool: an older release works beside this one.
    """

    def __init__(
        self,
        server_tools: Sequence[ToolDefinition],
        toolbox: Toolbox,
        defaults: Collection[str],
        never: Collection[str] = (),
        remote: RemoteTools | None = None,
        *,
        is_held_back: Callable[[], bool] = lambda: False,
    ) -> None:
        self._server_tools = server_tools
        self._toolbox = toolbox
        self._never = frozenset(never)
        self._remote = remote
        self._is_held_back = is_held_back
        self.defaults = tuple(name for name in defaults if name not in self._never)

    async def offered(
        self, place: ToolPlace, by_scope: Mapping[Scope, Settings]
    ) -> tuple[ToolDefinition, ...]:
        """Return the tools that a request in a place offers, by the settings of its scopes."""
        return (*self.definitions(by_scope), *await self.remote_definitions(place, by_scope))

    async def has(self, place: ToolPlace, by_scope: Mapping[Scope, Settings], name: str) -> bool:
        """Whether a tool is offered in a place, by the settings of its scopes."""
        return any(tool.name == name for tool in await self.offered(place, by_scope))

    async def remote_definitions(
        self, place: ToolPlace, by_scope: Mapping[Scope, Settings]
    ) -> tuple[ToolDefinition, ...]:
        """Return the remote ones of these; a name that is ours is never theirs."""
        if self._remote is None or self._is_held_back():
            return ()
        taken = {tool.name for tool in self._server_tools} | self._never
        return tuple(tool for tool in await self._remote.offered(place, by_scope) if tool.name not in taken)

    def definitions(self, by_scope: Mapping[Scope, Settings]) -> tuple[ToolDefinition, ...]:
        """Return those of the tools that are not remote."""
        if self._is_held_back():
            return ()
        known = (*self._server_tools, *(tool.definition for tool in self._toolbox))
        return tuple(
            tool
            for tool in known
            if tool.name not in self._never and is_on(by_scope, tool.name, self.defaults)
        )

    def facts(self, place: ToolPlace | None = None) -> tuple[ToolFacts, ...]:
        """Return the tools that may be switched on in a place; without a place, those that are not remote."""
        known = (
            *(ToolFacts(tool.name, ABOUT[tool.name], True) for tool in self._server_tools),
            *(
                ToolFacts(tool.name, ABOUT.get(tool.name) or _sentence(tool.description), asks=tool.asks)
                for tool in self._toolbox
            ),
        )
        names = {tool.name for tool in known}
        remote = () if self._remote is None or place is None else self._remote.available(place)
        theirs = (
            ToolFacts(tool.name, _of_server(tool), asks=not tool.reads_only)
            for tool in remote
            if tool.name not in names
        )
        return tuple(each for each in (*known, *theirs) if each.name not in self._never)

    async def refresh(self, place: ToolPlace) -> None:
        """List the remote tools that may be switched on in a place; servers that are down keep those listed last."""
        if self._remote is not None:
            await self._remote.refresh(place)

    async def changes(self, place: ToolPlace, by_scope: Mapping[Scope, Settings]) -> tuple[Change, ...]:
        """Return what servers have changed of the remote tools that are on in a place."""
        return () if self._remote is None else await self._remote.changes(place, by_scope)

    def definition_now(self, name: str) -> str:
        """Return what a server says of a remote tool, for people."""
        tool = None if self._remote is None else self._remote.listed(name)
        return "" if tool is None else told_definition(tool)

    async def settings_with(self, place: ToolPlace, tool: str, value: str | None) -> dict[str, str | None]:
        """Return what must be set together with a tool; raises ServerDown or NotListed, with a text for people."""
        return {} if self._remote is None else await self._remote.settings_with(place, tool, value)


def _of_server(tool: RemoteTool) -> str:
    """Say what a remote tool does, in the words of its server, which are shown as code."""
    said = tool.description.partition(". ")[2]
    return f"from the MCP server {tool.server}, which says {code(said)}"


def _sentence(description: str) -> str:
    first = description.partition(". ")[0].rstrip(".")
    first = first[:1].lower() + first[1:]
    return first if len(first) <= SENTENCE_CHARS else first[: SENTENCE_CHARS - 1] + "…"
