"""The tools that there are, and which of them are offered in a place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.conversation.scope import Scope, Settings
from bot.conversation.server_tools import CODE_EXECUTION, WEB_FETCH, WEB_SEARCH
from bot.conversation.tool_definition import ToolDefinition
from bot.conversation.tool_settings import is_on
from bot.tools.toolbox import Toolbox

ABOUT = {
    WEB_SEARCH: "searches the web; each search costs money, and the query goes to Anthropic's search",
    WEB_FETCH: "reads web pages and PDFs whose addresses were written here or found by a search",
    CODE_EXECUTION: "runs code in a container at Anthropic, without a network, and makes files",
}
"""What each server tool does, for people."""

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


class ToolOffer:
    """Knows the tools at Anthropic and those of the toolbox; `defaults` are on where nobody has set others.

    Those of `never` are offered nowhere.
    """

    def __init__(
        self,
        server_tools: Sequence[ToolDefinition],
        toolbox: Toolbox,
        defaults: Collection[str],
        never: Collection[str] = (),
    ) -> None:
        self._server_tools = server_tools
        self._toolbox = toolbox
        self._never = frozenset(never)
        self.defaults = tuple(name for name in defaults if name not in self._never)

    def definitions(self, by_scope: Mapping[Scope, Settings]) -> tuple[ToolDefinition, ...]:
        """Return the tools that a request in a place offers, by the settings of its scopes."""
        known = (*self._server_tools, *(tool.definition for tool in self._toolbox))
        return tuple(
            tool
            for tool in known
            if tool.name not in self._never and is_on(by_scope, tool.name, self.defaults)
        )

    def facts(self) -> tuple[ToolFacts, ...]:
        """Return the tools that may be switched on."""
        known = (
            *(ToolFacts(tool.name, ABOUT[tool.name], True) for tool in self._server_tools),
            *(ToolFacts(tool.name, _sentence(tool.description), asks=tool.asks) for tool in self._toolbox),
        )
        return tuple(each for each in known if each.name not in self._never)


def _sentence(description: str) -> str:
    first = description.partition(". ")[0].rstrip(".")
    first = first[:1].lower() + first[1:]
    return first if len(first) <= SENTENCE_CHARS else first[: SENTENCE_CHARS - 1] + "…"
