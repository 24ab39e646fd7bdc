"""The tools of this bot by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from bot.tools.tool import Tool


class Toolbox:
    """Holds the tools that run here; ValueError for a name that two of them have.

    `find_remote` finds the tools of other servers, which are not among those that it iterates over.
    """

    def __init__(
        self, tools: Iterable[Tool] = (), find_remote: Callable[[str], Tool | None] = lambda _name: None
    ) -> None:
        self.find_remote = find_remote
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            self.add(tool)

    def add(self, tool: Tool) -> None:
        """Add a tool."""
        if tool.name in self._tools:
            raise ValueError(f"two tools have the name {tool.name}")
        self._tools[tool.name] = tool

    def remove(self, name: str) -> None:
        """Remove a tool; one that is not there is no error."""
        self._tools.pop(name, None)

    def find(self, name: str) -> Tool | None:
        """Return a tool, None if there is none of that name."""
        return self._tools.get(name) or self.find_remote(name)

    def __contains__(self, name: str) -> bool:
        return name in self._tools

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())
