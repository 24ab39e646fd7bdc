"""What a turn has consulted: which tools were called, to which sources, with which outcome; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.conversation.elements import body
from bot.conversation.visible import plain

ToolEnd = Literal["done", "failed", "refused", "unknown", "waiting"]
"""How a call ended. `unknown`: nobody knows whether it took effect. `waiting`: somebody has to allow it first."""

MOST_SOURCES = 10
"""How many sources of a call later requests name."""

MOST_CHARS = 300
"""A longer address is left out of later requests."""


@dataclass(frozen=True, slots=True)
class Consulted:
    """One call of a tool, without what it brought: the addresses of its `sources` and its outcome.

    `approval` is the id of a call that waits.
    """

    tool: str
    outcome: ToolEnd = "done"
    sources: tuple[str, ...] = ()
    approval: int = 0


def render_consulted(consulted: Iterable[Consulted]) -> str:
    """Render what a turn has consulted as an element, which stands in front of the next message."""
    lines = [" ".join((f"{each.tool}: {each.outcome}", *_named(each.sources))) for each in consulted]
    return f"<consulted>\n{body(chr(10).join(lines))}\n</consulted>"


def _named(sources: Iterable[str]) -> Iterable[str]:
    named = [plain(source) for source in sources if len(source) <= MOST_CHARS]
    return named[:MOST_SOURCES]
