"""The metrics. Labels come from small closed sets, never from message content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
    start_http_server,
)

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.conversation.pricing import MICRO_USD
from bot.conversation.request_cost import RequestCost

TURN_BUCKETS_S = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
"""A greeting takes 1 to 2 s, a long answer with much thinking some minutes."""

FIRST_TEXT_BUCKETS_S = (0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120)
"""People notice a wait of 2 to 3 s; the default time-out is 120 s."""

OTHER = "other"
"""The label of a value outside the closed sets, so that message content never becomes a label."""

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
    """The metrics of one bot, in their own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.discord_calls = self._counter(
            "discord_calls", "Calls to Discord, by method and status", "method", "status"
        )
        self.discord_connected = Gauge(
            "discord_connected",
            "1 while the gateway connection is established",
            namespace="bobbin",
            registry=self.registry,
        )

        self.messages_received = self._counter(
            "messages_received",
            "Messages received from people, by the decision about them",
            "decision",
        )
        self.turns = self._counter("turns", "Finished turns, by outcome", "outcome")
        self.turn_seconds = self._histogram("turn_seconds", "Duration of a turn", TURN_BUCKETS_S)
        self.first_text_seconds = self._histogram(
            "first_text_seconds",
            "Time from a request to Claude to the first text of the answer",
            FIRST_TEXT_BUCKETS_S,
        )
        self.claude_requests = self._counter(
            "claude_requests", "Requests to Claude, by model and outcome", "model", "outcome"
        )
        self.claude_tokens = self._counter("claude_tokens", "Tokens as counted by Claude, by kind", "kind")
        self.claude_cost = self._counter(
            "claude_cost_usd", "Cost of the requests to Claude in US dollars, by the price list"
        )
        self.claude_unpriced = self._counter("claude_unpriced", "Requests whose cost is not fully known")
        self.store_errors = self._counter("store_errors", "Redis commands that failed after all tries")

    def asked(self, request: RequestCost) -> None:
        """Count the cost of a request to Claude."""
        if request.micro_usd is not None:
            self.claude_cost.inc(request.micro_usd / MICRO_USD)
        if not request.is_known:
            self.claude_unpriced.inc()

    def turn_ended(self, outcome: str, seconds: float) -> None:
        """Count a finished turn and its duration."""
        self.turns.labels(outcome=outcome).inc()
        self.turn_seconds.observe(seconds)

    def used(self, tokens: Mapping[str, int]) -> None:
        """Count the tokens of a request, by kind."""
        for kind, count in tokens.items():
            self.claude_tokens.labels(kind=kind).inc(count)

    def text(self) -> str:
        """Return the metrics as they are served."""
        return generate_latest(self.registry).decode()

    @contextmanager
    def served(self, host: str, port: int) -> Iterator[int]:
        """Serve the metrics to Prometheus while entered; yields the port, which differs if `port` is 0."""
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

    def _counter(self, name: str, description: str, *labels: str) -> Counter:
        return Counter(name, description, labels, namespace="bobbin", registry=self.registry)

    def _histogram(self, name: str, description: str, buckets: Iterable[float]) -> Histogram:
        return Histogram(
            name, description, namespace="bobbin", registry=self.registry, buckets=tuple(buckets)
        )
