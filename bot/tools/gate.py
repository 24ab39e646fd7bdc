"""Whether a call may be made: the answer that a call gets before it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.tools.tool import Tool, ToolContext


@dataclass(frozen=True, slots=True)
class Allowed:
    """The call runs."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The call does not run; Claude is told the `reason`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The call waits until somebody allows it; Claude is told the `line`, and the turn goes on without it.

    `approval` is the id of the call.
    """

    line: str
    approval: int = 0


Verdict = Allowed | Refused | Waiting

Gate = Callable[[Tool, ToolContext, Mapping[str, Any]], Awaitable[Verdict]]
"""Is asked before each call, with its arguments, which are not checked yet."""


async def allow_all(_tool: Tool, _context: ToolContext, _arguments: Mapping[str, Any]) -> Verdict:
    """Allow every call."""
    return Allowed()
