"""What is counted and timed. Labels come from small closed sets, never from what people write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    start_http_server,
)

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.conversation.pricing import MICRO_USD

TURN_BUCKETS_S = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
"""A greeting takes a second or two, a long answer of a thoughtful model some minutes."""

FIRST_TEXT_BUCKETS_S = (0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120)
"""People begin to wonder after two or three seconds; the limit is two minutes, unless it is set otherwise."""

OTHER = "other"
"""The label of whatever is in no closed set, so that nobody's words become a label."""

STOP_REASONS = frozenset(
    {
        "end_turn",
        "max_tokens",
        "refusal",
        "model_context_window_exceeded",
        "pause_turn",
        "stop_sequence",
        "tool_use",
    }
)
"""As the API documents them (Anthropic, "Handling stop reasons")."""


class Metrics:
    """The counters of one bot, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.discord_calls = self._counter(
            "discord_calls", "Calls to Discord, by how it answered", "method", "status"
        )
        self.discord_connected = Gauge(
            "discord_connected", "1 while events come in", namespace="bobbin", registry=self.registry
        )

        self.messages_received = self._counter(
            "messages_received",
            "Messages of people that were seen, by what was decided about them",
            "decision",
        )
        self.turns = self._counter("turns", "Turns that came to an end, by which", "outcome")
        self.turn_seconds = self._histogram(
            "turn_seconds", "From the beginning of a turn to its end", TURN_BUCKETS_S
        )
        self.first_text_seconds = self._histogram(
            "first_text_seconds",
            "From a request to Claude to the first text of the answer",
            FIRST_TEXT_BUCKETS_S,
        )
        self.claude_requests = self._counter(
            "claude_requests", "Requests to Claude, by why they ended", "model", "outcome"
        )
        self.claude_tokens = self._counter("claude_tokens", "Tokens as Claude counted them, by kind", "kind")
        self.claude_cost = self._counter("claude_cost_usd", "What Claude cost in dollars, by its price list")
        self.claude_unpriced = self._counter(
            "claude_unpriced", "Requests of which not all is known that they cost"
        )
        self.store_errors = self._counter("store_errors", "Commands to Redis that failed after all tries")

    def spent(self, micro_usd: int | None) -> None:
        """Count what a request cost, in micro-dollars; None for one of which not all is known."""
        if micro_usd is None:
            self.claude_unpriced.inc()
        else:
            self.claude_cost.inc(micro_usd / MICRO_USD)

    def turn_ended(self, outcome: str, seconds: float) -> None:
        """Count a turn and the time it took."""
        self.turns.labels(outcome=outcome).inc()
        self.turn_seconds.observe(seconds)

    def used(self, tokens: Mapping[str, int]) -> None:
        """Count the tokens of a request, by kind."""
        for kind, count in tokens.items():
            self.claude_tokens.labels(kind=kind).inc(count)

    @contextmanager
    def served(self, host: str, port: int) -> Iterator[int]:
        """Serve the metrics to Prometheus while inside, and give the port (another one where `port` is 0)."""
        try:
            server, thread = start_http_server(port, host, self.registry)
        except OSError as error:
            raise StartError(
                f"telemetry.metrics_port: {host}:{port} cannot be listened on: {error.strerror}; "
                "choose another port, or set none",
                exit_code=Exit.PORT_BUSY,
            ) from error
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, namespace="bobbin", registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: Iterable[float]) -> Histogram:
        return Histogram(name, meaning, namespace="bobbin", registry=self.registry, buckets=tuple(buckets))
