"""Redacts a turn's timeline: only words of a fixed set stay, which are names of the bot and of the API. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, get_args

from bot.conversation import errors
from bot.conversation.consulted import ToolEnd
from bot.conversation.request_cost import Purpose
from bot.conversation.timeline import INTERRUPTED, RESUMED, Timeline
from bot.tools.offer import ABOUT

OTHER = "other"
"""Replaces each unknown word."""

ERRORS = frozenset(
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.BobbinError)
)

STOP_REASONS = frozenset(
    {
        "end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal",
        "model_context_window_exceeded",
    }
)  # fmt: skip

BLOCKS = frozenset(
    {
        "thinking", "redacted_thinking", "tool_use", "server_tool_use", "web_search",
        "web_search_tool_result", "web_fetch", "web_fetch_tool_result", "code_execution",
        "code_execution_tool_result", "bash_code_execution", "bash_code_execution_tool_result",
        "text_editor_code_execution", "text_editor_code_execution_tool_result", "container_upload",
    }
)  # fmt: skip

WORDS = frozenset(
    {
        *get_args(Purpose), *get_args(ToolEnd), *ERRORS, *STOP_REASONS, RESUMED, INTERRUPTED, "unanswered",
        "FilesRefused", "",
    }
)  # fmt: skip


class ToolNames:
    """Replaces the names of tools that are not the bot's own; a name becomes the same other name everywhere."""

    def __init__(self) -> None:
        self._others: dict[str, str] = {}

    def shown(self, name: str) -> str:
        """Return the name that the journal shows for a tool."""
        if name in ABOUT:
            return name
        return self._others.setdefault(name, f"tool_{len(self._others) + 1}")


def redacted_timeline(timeline: Timeline, tools: ToolNames) -> list[dict[str, Any]]:
    """Return a timeline as the journal shows it."""
    return [
        {
            **asdict(attempt),
            "found": list(attempt.found),
            "shown": list(attempt.shown),
            "failures": list(map(_known, attempt.failures)),
            "refused": list(map(list, attempt.refused)),
            "requests": [
                {
                    **asdict(request),
                    "purpose": _known(request.purpose),
                    "deltas": list(request.deltas),
                    "blocks": [each if each in BLOCKS else tools.shown(each) for each in request.blocks],
                    "failed": list(map(_known, request.failed)),
                    "end": _known(request.end),
                }
                for request in attempt.requests
            ],
            "calls": [
                {**asdict(call), "tool": tools.shown(call.tool), "outcome": _known(call.outcome)}
                for call in attempt.calls
            ],
        }
        for attempt in timeline
    ]


def _known(word: str) -> str:
    return word if word in WORDS else OTHER
