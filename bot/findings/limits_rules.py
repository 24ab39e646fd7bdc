"""The rules for settings that a model does not take."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import Settings
from bot.conversation.model import ModelInfo, fit
from bot.findings.finding import Finding, Severity
from bot.findings.ids import Id


def of_model(settings: Settings, info: ModelInfo) -> Iterator[Finding]:
    """Compare the settings with what the model takes."""
    name = info.name or info.id
    if info.output_tokens is not None and settings.claude.max_tokens > info.output_tokens:
        yield _limit(
            f"claude.max_tokens ({settings.claude.max_tokens}) is more than {name} can write ({info.output_tokens})",
            f"set it to {info.output_tokens} at most",
            "claude.max_tokens",
        )
    if info.context_tokens is not None and settings.history.max_tokens > info.context_tokens:
        yield _limit(
            f"history.max_tokens ({settings.history.max_tokens}) is more than {name} can read "
            f"({info.context_tokens})",
            f"set it to {info.context_tokens} at most",
            "history.max_tokens",
        )
    thinking = None if settings.claude.thinking == "default" else settings.claude.thinking
    if dropped := fit(info, settings.claude.effort, thinking).dropped:
        yield Finding(
            Id.MODEL_LIMIT,
            Severity.NOTE,
            f"{name} does not take {', '.join(dropped)}, which is left out",
            "change claude.effort and claude.thinking, or leave them: they have no effect",
            ("claude.effort", "claude.thinking"),
        )


def _limit(problem: str, mend: str, name: str) -> Finding:
    return Finding(Id.MODEL_LIMIT, Severity.WARNING, problem, mend, (name,))
