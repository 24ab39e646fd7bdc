"""What is counted and timed. Labels come from small closed sets, never from what people write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, start_http_server

from bot.config import Exit
from bot.conversation.errors import StartError


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
