"""What only the operator can put right: told in the log once, and again after it was well and failed anew."""

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
        "what answers at claude.base_url (ANTHROPIC_BASE_URL) is not the Claude API: set the address in front of "
        "/v1/messages",
    ),
    (
        ClaudeEndless,
        "the server at claude.base_url (ANTHROPIC_BASE_URL) sends far more than claude.max_tokens allows",
    ),
)


def hint(error: ClaudeError) -> str | None:
    """Return what the operator is to do, None where that is nothing."""
    return next((words for kind, words in _HINTS if isinstance(error, kind)), None)


class OperatorErrors:
    """The troubles that last, each by its kind and the model that met it."""

    def __init__(self) -> None:
        self._lasting: set[tuple[type[ClaudeError], str]] = set()

    def failed(self, error: ClaudeError, model: str) -> None:
        """Tell the operator, unless that has been told already."""
        words, what = hint(error), (type(error), model)
        if words is None or what in self._lasting:
            return
        self._lasting.add(what)
        log.error("claude_unusable", error=type(error).__name__, detail=str(error), model=model, hint=words)

    def succeeded(self, model: str) -> None:
        """A request was answered: what comes now is new."""
        self._lasting = {(kind, met) for kind, met in self._lasting if met != model}
