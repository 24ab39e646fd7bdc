"""The HTTP server for the operator's machines."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.telemetry.gateway_state import GatewayReason
from bot.telemetry.health_server import served
from bot.telemetry.metrics import Metrics
from tests.telemetry.health_stage import healthy


def fetch(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def report(port: int, path: str) -> tuple[int, dict[str, Any]]:
    status, text = fetch(port, path)
    return status, json.loads(text)


def test_health_and_metrics_are_served_on_one_port() -> None:
    health = healthy()
    with served("127.0.0.1", 0, Metrics().registry, health) as port:
        assert report(port, "/healthz")[0] == 200
        assert report(port, "/readyz")[0] == 200
        health.gateway.lost(GatewayReason.CONNECTION_LOST)
        assert report(port, "/healthz")[0] == 200
        status, body = report(port, "/readyz")
        assert status == 503
        assert body["gateway"]["state"] == "transient_disconnect"
        assert fetch(port, "/readyz", "HEAD") == (503, "")
        assert "bobbin_turns_running" in fetch(port, "/metrics")[1]


def test_a_port_in_use_is_refused_in_one_line() -> None:
    registry, health = Metrics().registry, healthy()
    with served("127.0.0.1", 0, registry, health) as port, pytest.raises(StartError) as caught:
        served("127.0.0.1", port, registry, health).__enter__()
    assert caught.value.exit_code == Exit.PORT_BUSY
    assert f"127.0.0.1:{port}" in caught.value.line
    with served("127.0.0.1", port, registry, health) as again:  # given back on leaving
        assert again == port
