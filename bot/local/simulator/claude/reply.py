"""The reply of a model as a script has it: text alone, or steps. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from .faults import Ending
from .steps import ServerToolUse, Step, Text, ToolUse
from .text import cut, joined


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: text in `deltas`, or `steps` in their place.

    Without `thinks`, no thinking is put in front. `pause_s` is waited before each delta in place of the server's
    pace; `slowness` multiplies that pace. `stop_details` goes with a refusal.
    """

    deltas: tuple[str, ...] = ()
    stop_reason: str = "end_turn"
    stop_details: dict[str, Any] | None = None
    thinks: bool = True
    pause_s: float | None = None
    slowness: float = 1.0
    steps: tuple[Step, ...] = ()

    @classmethod
    def of(cls, *steps: str | Step, stop_reason: str | None = None, pause_s: float | None = None) -> Reply:
        """A reply of steps; a string is a text. The stop reason follows from the steps unless it is given."""
        made = tuple(Text(cut(step)) if isinstance(step, str) else step for step in steps)
        return cls(stop_reason=stop_reason or _stop_reason(made), pause_s=pause_s, steps=made)

    @property
    def script(self) -> tuple[Step, ...]:
        """The steps, also of text alone."""
        return self.steps or ((Text(self.deltas),) if self.deltas else ())

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(joined(step.deltas) for step in self.script if isinstance(step, Text))


def ended(reply: Reply, fault: object) -> Reply:
    """The reply after a fault that changes only its end."""
    if not isinstance(fault, Ending):
        return reply
    steps = reply.script if fault.after is None else first_deltas(reply.script, fault.after)
    return replace(
        reply,
        deltas=(),
        steps=steps,
        stop_reason=fault.stop_reason,
        stop_details=fault.stop_details,
        thinks=reply.thinks and fault.thinks,
    )


def first_deltas(steps: Iterable[Step], count: int) -> tuple[Step, ...]:
    """The steps up to so many text deltas."""
    kept: list[Step] = []
    for step in steps:
        if count <= 0:
            break
        if isinstance(step, Text):
            kept.append(replace(step, deltas=step.deltas[:count]))
            count -= len(step.deltas)
        else:
            kept.append(step)
    return tuple(kept)


def _stop_reason(steps: tuple[Step, ...]) -> str:
    if any(isinstance(step, ToolUse) for step in steps):
        return "tool_use"
    return (
        "pause_turn" if any(isinstance(step, ServerToolUse) and step.later for step in steps) else "end_turn"
    )
