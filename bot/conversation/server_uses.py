"""How often a turn has searched and read pages, against its limits: pure.

`max_uses` of a tool's definition bounds a single request, and a changed definition would cost the whole cache. So the
definitions stay, Claude is told when a limit is reached, and a call that comes all the same ends the reply.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping

from bot.conversation import wording
from bot.conversation.content import Block, Opaque
from bot.conversation.server_tools import tool_of
from bot.conversation.tool_definition import ToolDefinition


def limits_of(tools: Iterable[ToolDefinition]) -> Mapping[str, int]:
    """Return how often a turn may call each tool that has a limit."""
    return {
        tool.name: int(most)
        for tool in tools
        if tool.runs_at_anthropic and (most := json.loads(tool.json).get("max_uses"))
    }


class ServerUses:
    """Counts the calls of one turn; those that Anthropic answered with an error are free, and count for nothing."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._limits = limits
        self._used = Counter[str]()
        self._running = Counter[str]()

    def note(self, blocks: Iterable[Block]) -> None:
        """Count the calls of a request that has ended."""
        for block in blocks:
            if isinstance(block, Opaque):
                self._used.update(_change(json.loads(block.json)))
        self._running.clear()

    def begin(self) -> None:
        """Begin a request, or the next attempt at one."""
        self._running.clear()

    def exceeds(self, called: str) -> bool:
        """Count a call of the running request; returns whether the turn goes beyond its limit by it.

        The first request of a turn is bounded by its `max_uses`.
        """
        tool = tool_of(called)
        self._running[tool] += 1
        limit, used = self._limits.get(tool), self._used[tool]
        return limit is not None and used > 0 and used + self._running[tool] > limit

    @property
    def used_up(self) -> tuple[str, ...]:
        """The tools that may not be called any more."""
        return tuple(tool for tool, limit in self._limits.items() if self._used[tool] >= limit)


def has_pending(blocks: Iterable[Block]) -> bool:
    """Whether a server tool's call has no result yet: then the API takes nothing but results behind the reply."""
    calls, answered = set(), set()
    for block in blocks:
        if isinstance(block, Opaque):
            fields = json.loads(block.json)
            if fields.get("type") == "server_tool_use":
                calls.add(fields.get("id"))
            answered.add(fields.get("tool_use_id"))
    return bool(calls - answered)


def used_up_text(tools: Iterable[str]) -> str:
    """Tell Claude that tools may not be called any more in this turn."""
    names = wording.listed(list(tools))
    return f"No more calls of {names} can be made for this message. Do not call again: answer with what you have."


def _change(fields: Mapping[str, object]) -> Mapping[str, int]:
    kind, content = str(fields.get("type")), fields.get("content")
    if kind == "server_tool_use":
        return {tool_of(str(fields.get("name"))): 1}
    if kind.endswith("_tool_result") and isinstance(content, Mapping) and "error_code" in content:
        return {tool_of(kind.removesuffix("_tool_result")): -1}
    return {}
