"""When Redis and Claude count as away, and when they are back."""

from __future__ import annotations

import pytest

from bot.conversation import errors
from bot.telemetry.service_health import (
    AWAY,
    FAILURES,
    REDIS_AWAY,
    REDIS_CONDITIONS,
    UNUSABLE,
    ServiceHealth,
    ServiceState,
)


def test_every_outcome_is_the_name_of_an_error_class() -> None:
    assert all(issubclass(getattr(errors, name), errors.ClaudeError) for name in (*AWAY, *UNUSABLE))


@pytest.mark.parametrize("outcome", AWAY)
def test_single_failures_that_pass_are_nothing(outcome: str) -> None:
    health = ServiceHealth()
    for _ in range(FAILURES - 1):
        health.claude_ended(outcome)
    assert health.reason == ""
    health.claude_ended(outcome)
    assert health.reason == AWAY[outcome]
    assert health.may_ask_for_models
    health.claude_ended("end_turn")
    assert health.reason == ""


@pytest.mark.parametrize("outcome", UNUSABLE)
def test_a_failure_that_stays_counts_at_once(outcome: str) -> None:
    health = ServiceHealth()
    health.claude_ended(outcome)
    assert health.reason == UNUSABLE[outcome]


def test_a_list_of_models_does_not_show_that_there_is_money_again() -> None:
    health = ServiceHealth()
    health.claude_ended("ClaudeSpendLimit")
    assert not health.may_ask_for_models


@pytest.mark.parametrize("outcome", ["ClaudeTooLong", "ClaudeRefusedRequest", "ClaudeBlocked"])
def test_a_refused_request_says_nothing_about_the_service(outcome: str) -> None:
    health = ServiceHealth()
    for _ in range(FAILURES):
        health.claude_ended(outcome)
    assert health.reason == ""


def test_redis_is_suspect_after_a_failed_command_and_away_after_a_failed_trial() -> None:
    health = ServiceHealth()
    health.redis_failed()
    assert (health.redis_is_suspect, health.reason) == (True, "")
    health.redis_tried("")
    assert (health.redis_is_suspect, health.reason) == (True, REDIS_AWAY)
    health.redis_tried(None)
    assert (health.redis_is_suspect, health.reason) == (False, "")


@pytest.mark.parametrize("code", REDIS_CONDITIONS)
def test_a_redis_that_does_not_serve_is_told_with_the_reason_also_at_the_start(code: str) -> None:
    state, reason, text = REDIS_CONDITIONS[code]
    health = ServiceHealth()
    health.redis_tried(code)
    assert (health.redis, health.reason) == ((ServiceState.CONNECTING, reason), text)
    health.started()
    assert (health.redis, health.reason) == ((ServiceState.CONNECTED, ""), "")
    health.redis_tried(code)
    assert (health.redis, health.reason) == ((state, reason), text)


def test_an_answer_that_is_not_known_counts_as_none() -> None:
    health = ServiceHealth()
    health.redis_tried("NEWCODE")
    assert health.reason == REDIS_AWAY
