"""When the bot is live, and when it can serve."""

from __future__ import annotations

import pytest

from bot.telemetry.gateway_state import READY, GatewayHealth, GatewayReason, GatewayState
from bot.telemetry.health_report import Health
from bot.telemetry.loop_lag import BLOCKED_S, EVERY_S, LoopLag
from bot.telemetry.service_health import CONDITIONS, FAILURES, ServiceHealth
from tests.telemetry.health_stage import healthy


def test_a_bot_that_is_connected_to_everything_can_serve() -> None:
    report = healthy().readiness()
    assert report.is_well
    assert report.body["ready"]
    assert report.body["gateway"]["state"] == "connected"
    assert (
        report.body["redis"] == report.body["claude"] == {"ready": True, "state": "connected", "reason": ""}
    )


def test_a_bot_that_starts_cannot_serve_and_lives() -> None:
    health = Health(GatewayHealth(), ServiceHealth(), LoopLag(lambda _: None))
    report = health.readiness()
    assert not report.is_well
    assert [report.body[name]["state"] for name in ("gateway", "redis", "claude")] == ["connecting"] * 3
    assert health.liveness().is_well


def test_a_bot_that_looks_for_missed_messages_can_serve() -> None:
    health = healthy()
    health.gateway.lost(GatewayReason.CONNECTION_LOST)
    health.gateway.established()
    assert health.readiness().is_well
    assert health.readiness().body["gateway"]["state"] == "backfilling"


@pytest.mark.parametrize("state", [each for each in GatewayState if each not in READY])
def test_without_the_gateway_it_cannot_serve_and_no_restart_helps(state: GatewayState) -> None:
    health = healthy()
    health.gateway.change(state, GatewayReason.CONNECTION_LOST)
    report = health.readiness()
    assert (report.is_well, report.body["gateway"]["ready"]) == (False, False)
    assert report.body["gateway"]["reason"] == "connection_lost"
    assert report.body["redis"]["ready"]
    assert health.liveness().is_well


@pytest.mark.parametrize("outcome", CONDITIONS)
def test_without_claude_it_cannot_serve_until_claude_answers(outcome: str) -> None:
    health = healthy()
    for _ in range(FAILURES):
        health.services.claude_ended(outcome)
    report = health.readiness()
    state, reason = CONDITIONS[outcome]
    assert report.body["claude"] == {"ready": False, "state": state.value, "reason": reason}
    assert (report.is_well, report.body["gateway"]["ready"], health.liveness().is_well) == (False, True, True)
    health.services.claude_ended("end_turn")
    assert health.readiness().is_well


def test_without_redis_it_cannot_serve_until_redis_answers() -> None:
    health = healthy()
    health.services.redis_tried("")
    report = health.readiness()
    assert report.body["redis"] == {"ready": False, "state": "transient_disconnect", "reason": "no_answer"}
    assert (report.is_well, health.liveness().is_well) == (False, True)
    health.services.redis_tried(None)
    assert health.readiness().is_well


def test_a_blocked_loop_is_the_one_thing_for_which_a_restart_helps() -> None:
    now = [0.0]
    lag = LoopLag(lambda _: None, clock=lambda: now[0])
    health = healthy(lag)
    lag.measured(0.0)
    now[0] = EVERY_S + BLOCKED_S
    assert health.liveness().is_well
    now[0] += 0.1
    report = health.liveness()
    assert not report.is_well
    assert report.body["event_loop"] == {"state": "blocked", "behind_s": pytest.approx(BLOCKED_S + 0.1)}
    assert not health.readiness().is_well
