"""The tools of this bot by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.tools.tool import Tool


class Toolbox:
    """Holds the tools that run here; ValueError for a name that two of them have."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
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
        return self._tools.get(name)

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())
