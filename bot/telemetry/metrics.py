"""The metrics; docs/metrics.md explains each. Labels come from small closed sets, never from message content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from bot.conversation.pricing import MICRO_USD
from bot.conversation.request_cost import RequestCost

NAMESPACE = "bobbin"

TURN_BUCKETS_S = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
"""A greeting takes 1 to 2 s, a long answer with much thinking some minutes."""

FIRST_TEXT_BUCKETS_S = (0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120)
"""People notice a wait of 2 to 3 s; the default time-out is 120 s."""

TAIL_BUCKETS_S = (0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30)
"""The last edit of a reply waits for up to 1.3 s, and under load for Discord's limits."""

WAIT_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300)
"""From the pacing of calls, in tenths of a second, to the limits that Discord sets in minutes."""

LATENCY_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
"""A round trip to a Redis of the same network takes less than 1 ms, and the goal for the event loop is 50 ms."""

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
        self._discord()
        self._turns()
        self._claude()
        self._machinery()

    def _discord(self) -> None:
        self.discord_calls = self._counter(
            "discord_calls", "Calls to Discord, by method and status", "method", "status"
        )
        self.discord_connected = self._gauge(
            "discord_connected", "1 while the gateway connection is established"
        )
        self.messages_received = self._counter(
            "messages_received",
            "Messages received from people, by the decision about them",
            "decision",
        )

    def _turns(self) -> None:
        self.turns = self._counter("turns", "Finished turns, by outcome", "outcome")
        self.turn_seconds = self._histogram("turn_seconds", "Duration of a turn", TURN_BUCKETS_S)
        self.tail_seconds = self._histogram(
            "tail_seconds",
            "Time from the end of Claude's reply until Discord shows the whole reply",
            TAIL_BUCKETS_S,
        )
        self.turns_running = self._gauge("turns_running", "Turns that run in this process")
        self.turns_waiting = self._gauge(
            "turns_waiting", "Conversations that wait in this process for another turn to end"
        )
        self.work_queue = self._gauge(
            "work_queue_conversations", "Conversations in the work queue of all instances, as last read"
        )
        self.turns_taken_up = self._counter(
            "turns_taken_up", "Turns that an earlier attempt had begun, of this or another instance"
        )
        self.leases_lost = self._counter("leases_lost", "Turns that another worker has taken over from here")
        self.tool_calls = self._counter(
            "tool_calls", "Calls of tools, by tool and outcome", "tool", "outcome"
        )
        self.tool_seconds = self._histogram("tool_seconds", "Duration of a call of a tool", TURN_BUCKETS_S)
        self.approvals = self._counter(
            "approvals", "Calls of tools that need a permission, by what happened to them", "event"
        )

    def _claude(self) -> None:
        self.first_text_seconds = self._histogram(
            "first_text_seconds",
            "Time from a request to Claude to the first text of the answer",
            FIRST_TEXT_BUCKETS_S,
        )
        self.claude_requests = self._counter(
            "claude_requests", "Requests to Claude, by model and outcome", "model", "outcome"
        )
        self.claude_running = self._gauge("claude_requests_running", "Requests to Claude that run")
        self.claude_waiting = self._gauge(
            "claude_requests_waiting", "Requests to Claude that wait until others have ended"
        )
        self.claude_tokens = self._counter("claude_tokens", "Tokens as counted by Claude, by kind", "kind")
        self.claude_cost = self._counter(
            "claude_cost_usd",
            "Cost of the requests to Claude in US dollars, by the price list and what they were for",
            "purpose",
        )
        self.claude_unpriced = self._counter("claude_unpriced", "Requests whose cost is not fully known")
        self.reservations = self._counter(
            "budget_reservations", "Reservations within the limits of use, by outcome", "outcome"
        )
        self.reservations_open = self._gauge(
            "budget_reservations_open", "Reservations of this process that are not settled yet"
        )

    def _machinery(self) -> None:
        self.store_errors = self._counter("store_errors", "Redis commands that failed after all tries")
        self.redis_seconds = self._histogram(
            "redis_ping_seconds", "Time until Redis answers a PING, sent every 5 s", LATENCY_BUCKETS_S
        )
        self.loop_lag_seconds = self._histogram(
            "event_loop_lag_seconds", "How late a timer of the event loop runs", LATENCY_BUCKETS_S
        )
        self.rate_limit_seconds = Histogram(
            "rate_limit_wait_seconds",
            "Waits for rate limits, by service: Discord's limits and the pace below them, and Claude's",
            ("service",),
            namespace=NAMESPACE,
            registry=self.registry,
            buckets=WAIT_BUCKETS_S,
        )

    def asked(self, request: RequestCost) -> None:
        """Count the cost of a request to Claude."""
        if request.micro_usd is not None:
            self.claude_cost.labels(purpose=request.purpose).inc(request.micro_usd / MICRO_USD)
        if not request.is_known:
            self.claude_unpriced.inc()

    def turn_ended(self, outcome: str, seconds: float) -> None:
        """Count a finished turn and its duration."""
        self.turns.labels(outcome=outcome).inc()
        self.turn_seconds.observe(seconds)

    def tool_called(self, tool: str, outcome: str, seconds: float) -> None:
        """Count a call of a tool; `tool` is of a closed set, see `tool_label` in bot/wiring/turns.py."""
        self.tool_calls.labels(tool=tool, outcome=outcome).inc()
        self.tool_seconds.observe(seconds)

    def rate_limited(self, service: str, seconds: float) -> None:
        """Count a wait for a rate limit."""
        self.rate_limit_seconds.labels(service=service).observe(seconds)

    def used(self, tokens: Mapping[str, int]) -> None:
        """Count the tokens of a request, by kind."""
        for kind, count in tokens.items():
            self.claude_tokens.labels(kind=kind).inc(count)

    def text(self) -> str:
        """Return the metrics as they are served."""
        return generate_latest(self.registry).decode()

    def _counter(self, name: str, description: str, *labels: str) -> Counter:
        return Counter(name, description, labels, namespace=NAMESPACE, registry=self.registry)

    def _gauge(self, name: str, description: str) -> Gauge:
        return Gauge(name, description, namespace=NAMESPACE, registry=self.registry)

    def _histogram(self, name: str, description: str, buckets: Iterable[float]) -> Histogram:
        return Histogram(
            name, description, namespace=NAMESPACE, registry=self.registry, buckets=tuple(buckets)
        )
