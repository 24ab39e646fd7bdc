"""The state of the gateway: what follows what, and which shard counts."""

from __future__ import annotations

import pytest

from bot.telemetry.gateway_state import FINAL, GatewayHealth, GatewayReason, GatewayState


def state_of(health: GatewayHealth) -> tuple[str, str]:
    return health.condition.state.value, health.condition.reason.value


def test_it_begins_with_the_login() -> None:
    assert state_of(GatewayHealth()) == ("connecting", "login")


def test_a_first_connection_that_fails_is_still_connecting_and_a_later_one_a_disconnect() -> None:
    health = GatewayHealth()
    health.lost(GatewayReason.DISCORD_UNAVAILABLE)
    assert state_of(health) == ("connecting", "discord_unavailable")
    health.established()
    assert state_of(health) == ("backfilling", "")
    health.backfilled()
    assert state_of(health) == ("connected", "")
    health.lost(GatewayReason.CONNECTION_LOST)
    health.change(GatewayState.CONNECTING, GatewayReason.DISCORD_UNAVAILABLE)
    assert state_of(health) == ("transient_disconnect", "discord_unavailable")
    health.established()
    health.backfilled()
    assert state_of(health) == ("connected", "")


def test_a_sweep_that_ends_during_an_outage_connects_nothing() -> None:
    health = GatewayHealth()
    health.established()
    health.lost(GatewayReason.CONNECTION_LOST)
    health.backfilled()
    assert state_of(health) == ("transient_disconnect", "connection_lost")


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_final_state_stays(state: GatewayState) -> None:
    health = GatewayHealth()
    health.change(state, GatewayReason.TOKEN_REFUSED)
    health.lost(GatewayReason.CONNECTION_LOST)
    health.established()
    assert state_of(health) == (state.value, "token_refused")


def test_the_shard_that_is_worst_off_counts() -> None:
    health = GatewayHealth()
    health.established(shard=0)
    health.established(shard=1)
    health.lost(GatewayReason.GATEWAY_SILENT, shard=1)
    assert state_of(health) == ("transient_disconnect", "gateway_silent")
    health.established(shard=1)
    health.backfilled()
    assert state_of(health) == ("connected", "")


def test_the_time_is_that_of_the_last_change() -> None:
    times = iter([1.0, 2.0, 3.0])
    health = GatewayHealth(lambda: next(times))
    health.established()
    health.established()
    assert health.condition.since_s == 2.0
