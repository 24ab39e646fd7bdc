"""The metrics of requests to Claude."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.claude.models import family
from bot.conversation.errors import ClaudeBusy, ClaudeError
from bot.telemetry.metrics import OTHER, STOP_REASONS

if TYPE_CHECKING:
    from bot.claude.catalogue import Catalogue
    from bot.claude.reply import Reply
    from bot.telemetry.metrics import Metrics


class RequestMetrics:
    """Counts requests, their tokens and their times; without `metrics` it counts nothing.

    `observe` is called with the outcome of each attempt.
    """

    def __init__(
        self,
        metrics: Metrics | None,
        catalogue: Catalogue,
        observe: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._metrics = metrics
        self._observe = observe
        self._catalogue = catalogue

    def ended(self, model: str, outcome: str) -> None:
        """Count a request by its outcome: a stop reason, or the name of an error class."""
        self._observe(outcome)
        if self._metrics is not None:
            label = family(model) if self._catalogue.find(model) is not None else OTHER
            self._metrics.claude_requests.labels(model=label, outcome=outcome).inc()

    def replied(self, model: str, stop_reason: str, first_text_s: float | None) -> None:
        """Count a request that was answered, and the time until its first text."""
        self.ended(model, stop_reason if stop_reason in STOP_REASONS else OTHER)
        if self._metrics is not None and first_text_s is not None:
            self._metrics.first_text_seconds.observe(first_text_s)

    def waits(self, error: ClaudeError, seconds: float) -> None:
        """Count a wait after a request that was refused by a rate limit, or by an overloaded server."""
        if self._metrics is not None and isinstance(error, ClaudeBusy):
            self._metrics.rate_limited("claude", seconds)

    def used(self, reply: Reply) -> None:
        """Count the tokens of a request, as far as the server has told them."""
        finished = reply.finished(None)
        usage = reply.started if finished is None else finished.usage
        if self._metrics is None or usage is None:
            return
        self._metrics.used(
            {
                "input": usage.input,
                "cache_write_5m": usage.cache_write_5m,
                "cache_write_1h": usage.cache_write_1h,
                "cache_read": usage.cache_read,
                "thinking": usage.thinking,
                "text": max(0, usage.output - usage.thinking),
            }
        )
