"""The definition of a tool, as it is a part of a request: pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A tool that the model may call; `json` is the definition as it is sent.

    A tool that `runs_at_anthropic` (a server tool) is answered within the reply; the calls of all others are ours to
    answer.
    """

    name: str
    json: str
    runs_at_anthropic: bool = False
