"""What is counted and timed. Labels come from small closed sets, never from what people write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, start_http_server

from bot.config import Exit
from bot.conversation.errors import StartError

# People wait for the first words: fine where it still feels immediate, coarse up to the longest allowed.
FIRST_TEXT_BUCKETS_S = (0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 15, 30, 60, 120)
# A turn lasts as long as its answer, retries and waiting for Discord's limits included.
TURN_BUCKETS_S = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)


class Metrics:
    """The counters and timers of one bot, in a registry of their own; durations are in seconds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.messages_received = self._counter(
            "messages_received", "Messages seen, by what was decided", "decision"
        )
        self.turns = self._counter("turns", "Turns ended, by how", "outcome")
        self.claude_requests = self._counter(
            "claude_requests", "Requests to Claude, by how they ended", "outcome"
        )
        self.claude_tokens = self._counter("claude_tokens", "Tokens billed, by kind", "kind")
        self.discord_calls = self._counter("discord_calls", "Calls to Discord", "kind", "outcome")
        self.store_errors = self._counter("store_errors", "Calls to Redis that failed")
        self.first_text_seconds = self._histogram(
            "first_text_seconds", "From the message to the first text of its answer", FIRST_TEXT_BUCKETS_S
        )
        self.turn_seconds = self._histogram(
            "turn_seconds", "From the start of a turn to its end", TURN_BUCKETS_S
        )

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

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, meaning, namespace="bobbin", registry=self.registry, buckets=buckets)
