"""The HTTP server for the operator's machines: /metrics, /healthz and /readyz, in a thread of its own."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.telemetry.health_report import Health

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

HEALTHZ, READYZ = "/healthz", "/readyz"

REQUEST_S = 10.0
"""A client that sends nothing for so long is disconnected."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = REQUEST_S

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log no requests: monitors make one every few seconds."""


@contextmanager
def served(host: str, port: int, registry: CollectorRegistry, health: Health) -> Iterator[int]:
    """Serve while entered; yields the port, which differs if `port` is 0."""
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]

        class Server(_Server):
            address_family = family

        server = make_server(str(address[0]), port, _application(registry, health), Server, _Handler)
    except OSError as error:
        raise StartError(
            f"telemetry.metrics_port: {host}:{port} cannot be listened on: {error.strerror}; "
            "choose another port, or set none",
            exit_code=Exit.PORT_BUSY,
        ) from error
    thread = threading.Thread(target=server.serve_forever, name="health-server", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _application(registry: CollectorRegistry, health: Health) -> WSGIApplication:
    metrics = make_wsgi_app(registry)
    reports = {HEALTHZ: health.liveness, READYZ: health.readiness}

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        report = reports.get(str(environ.get("PATH_INFO")))
        if report is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            answer: Iterable[bytes] = metrics(environ, start_response)
            return answer
        found = report()
        body = json.dumps(found.body).encode() + b"\n"
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        start_response("200 OK" if found.is_well else "503 Service Unavailable", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return application
