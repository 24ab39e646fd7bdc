"""Errors that only the operator can resolve: logged once, and again if they return after a success."""

from __future__ import annotations

import structlog

from bot.conversation.errors import (
    ClaudeAccountDisabled,
    ClaudeEndless,
    ClaudeError,
    ClaudeKeyRefused,
    ClaudeSpendLimit,
    ClaudeWrongAddress,
)

log = structlog.get_logger()

_HINTS: tuple[tuple[type[ClaudeError], str], ...] = (
    (
        ClaudeAccountDisabled,
        "Anthropic has disabled the organization of this key: ask https://support.claude.com, "
        "or set ANTHROPIC_API_KEY to a key of another organization",
    ),
    (
        ClaudeKeyRefused,
        "set ANTHROPIC_API_KEY to a valid key that may use this model, from https://platform.claude.com, "
        "Settings, API keys",
    ),
    (
        ClaudeSpendLimit,
        "add credit, or raise the spend limit, in https://platform.claude.com, Settings, Billing and Limits",
    ),
    (
        ClaudeWrongAddress,
        "the server at claude.base_url (ANTHROPIC_BASE_URL) is not the Claude API: set the address in front of "
        "/v1/messages",
    ),
    (
        ClaudeEndless,
        "the server at claude.base_url (ANTHROPIC_BASE_URL) sends far more than claude.max_tokens allows",
    ),
)


def hint(error: ClaudeError) -> str | None:
    """Return what the operator has to do, None for nothing."""
    return next((words for kind, words in _HINTS if isinstance(error, kind)), None)


class OperatorErrors:
    """The errors that last, by class and model."""

    def __init__(self) -> None:
        self._lasting: set[tuple[type[ClaudeError], str]] = set()

    def failed(self, error: ClaudeError, model: str) -> None:
        """Log an error for the operator, unless it lasts already."""
        words, key = hint(error), (type(error), model)
        if words is None or key in self._lasting:
            return
        self._lasting.add(key)
        log.error("claude_unusable", error=type(error).__name__, detail=str(error), model=model, hint=words)

    def succeeded(self, model: str) -> None:
        """Note that a request was answered: later errors of this model are new."""
        self._lasting = {(kind, other) for kind, other in self._lasting if other != model}
