"""Discord's time, on a host whose clock may be anything."""

from __future__ import annotations

import pytest

from bot.conversation.clock import Clock

NOON_S = 1_800_000_000.0
TOUR_S = 0.2


class Hands:
    """A host: its clock, and one that is never set."""

    def __init__(self, host_s: float = NOON_S) -> None:
        self.host_s = host_s
        self.steady_s = 50.0

    def go_on(self, seconds: float) -> None:
        """Let time pass."""
        self.host_s += seconds
        self.steady_s += seconds


def clock_of(hands: Hands) -> Clock:
    return Clock(lambda: hands.host_s, lambda: hands.steady_s)


def asked(clock: Clock, hands: Hands, discord_s: float) -> None:
    """Have an answer tell the time, in whole seconds, after a tour."""
    before = hands.steady_s
    hands.go_on(TOUR_S)
    clock.set_from_response(float(int(discord_s)), before, hands.steady_s)


def test_until_discord_has_told_it_the_time_is_the_hosts() -> None:
    assert clock_of(Hands()).now_s() == pytest.approx(NOON_S)


@pytest.mark.parametrize("off_s", [7200.0, -7200.0, 61.5, -3.0])
def test_of_a_host_that_is_wrong_the_time_is_right_to_about_a_second(off_s: float) -> None:
    hands = Hands(NOON_S + off_s)
    clock = clock_of(hands)
    asked(clock, hands, NOON_S)
    assert abs(clock.now_s() - NOON_S) < 1.5
    assert clock.host_is_ahead_s() == pytest.approx(off_s, abs=1.5)


def test_of_a_host_that_is_right_the_time_stays_as_it_is_to_the_millisecond() -> None:
    hands = Hands()
    clock = clock_of(hands)
    for _ in range(50):
        hands.go_on(0.37)
        asked(clock, hands, hands.host_s + TOUR_S / 2)
    assert clock.now_s() == pytest.approx(hands.host_s)


def test_a_host_that_is_set_while_the_bot_runs_changes_nothing() -> None:
    hands = Hands()
    clock = clock_of(hands)
    asked(clock, hands, NOON_S)
    hands.host_s += 7200
    assert clock.now_s() == pytest.approx(NOON_S + TOUR_S)
    assert clock.host_is_ahead_s() == pytest.approx(7200)


@pytest.mark.parametrize("off_s", [0.0, 7200.0])
def test_when_the_process_began_is_told_by_the_time_of_discord(off_s: float) -> None:
    hands = Hands(NOON_S + off_s)
    began_s = hands.steady_s
    hands.go_on(3.0)  # until the clock is made
    clock = Clock(lambda: hands.host_s, lambda: hands.steady_s, began_s=began_s)
    asked(clock, hands, hands.host_s + TOUR_S / 2 - off_s)
    assert clock.began_ms() / 1000 == pytest.approx(NOON_S, abs=0.01 if not off_s else 1.5)
