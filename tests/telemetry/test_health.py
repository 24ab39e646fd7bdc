"""The health of the bot on this machine, as its health server reports."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.config import Exit
from bot.config.settings import TelemetrySettings
from bot.conversation.errors import StartError
from bot.telemetry.gateway_state import GatewayReason
from bot.telemetry.health import check_health
from bot.telemetry.health_report import Health
from bot.telemetry.health_server import served
from bot.telemetry.metrics import Metrics
from tests.telemetry.health_stage import healthy


@contextmanager
def serving(health: Health, host: str = "127.0.0.1") -> Iterator[TelemetrySettings]:
    with served(host, 0, Metrics().registry, health) as port:
        yield TelemetrySettings(metrics_port=port, metrics_host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104
def test_a_bot_that_can_serve_is_well_behind_whatever_proxy(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serving(healthy(), host) as settings:
        found = check_health(settings)
    assert found.is_well
    assert found.text.splitlines() == ["Discord: connected", "Redis: connected", "Claude: connected"]


def test_a_bot_that_cannot_serve_says_which_service_is_away_and_why() -> None:
    health = healthy()
    health.gateway.lost(GatewayReason.CONNECTION_LOST)
    health.services.claude_ended("ClaudeKeyRefused")
    with serving(health) as settings:
        found = check_health(settings)
        live = check_health(settings, only_live=True)
    assert not found.is_well
    assert found.text.splitlines() == [
        "Discord: transient_disconnect (connection_lost)",
        "Redis: connected",
        "Claude: bad_credentials (key_refused)",
    ]
    assert live.is_well


def test_where_no_bot_answers_the_address_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        found = check_health(TelemetrySettings(metrics_port=port))
    assert not found.is_well
    assert f"127.0.0.1:{port}" in found.text


def test_another_server_on_the_port_is_no_bobbin() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        found = check_health(TelemetrySettings(metrics_port=other.server_port))
        other.shutdown()
        thread.join()
    assert not found.is_well
    assert "no Bobbin" in found.text


@pytest.mark.parametrize("port", [None, 0])
def test_without_a_port_the_setting_is_named(port: int | None) -> None:
    with pytest.raises(StartError) as refused:
        check_health(TelemetrySettings(metrics_port=port))
    assert refused.value.exit_code == Exit.SETTINGS
    assert "BOT_TELEMETRY__METRICS_PORT" in refused.value.line
