"""The health of the bot on this machine, as its metrics say."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.config import Exit
from bot.config.settings import TelemetrySettings
from bot.conversation.errors import StartError
from bot.telemetry.health import connected
from bot.telemetry.metrics import Metrics


@contextmanager
def served(*, online: bool, host: str = "127.0.0.1") -> Iterator[TelemetrySettings]:
    metrics = Metrics()
    metrics.discord_connected.set(online)
    with metrics.served(host, 0) as port:
        yield TelemetrySettings(metrics_port=port, metrics_host=host)


def test_a_bot_that_is_connected_is_well_behind_whatever_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with served(online=True) as settings:
        assert connected(settings).well
    with served(online=True, host="0.0.0.0") as settings:  # noqa: S104
        assert connected(settings).well


def test_a_bot_that_is_not_connected_is_not_well() -> None:
    with served(online=False) as settings:
        told = connected(settings)
    assert not told.well
    assert "the log" in told.line


def test_where_no_bot_answers_the_address_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        told = connected(TelemetrySettings(metrics_port=port))
    assert not told.well
    assert f"127.0.0.1:{port}" in told.line


@pytest.mark.parametrize("port", [None, 0])
def test_without_a_port_the_setting_is_named(port: int | None) -> None:
    with pytest.raises(StartError) as refused:
        connected(TelemetrySettings(metrics_port=port))
    assert refused.value.exit_code == Exit.SETTINGS
    assert "BOT_TELEMETRY__METRICS_PORT" in refused.value.line
