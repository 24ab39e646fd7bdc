"""How a person's score of abuse grows and falls."""

from __future__ import annotations

import pytest

from bot.conversation.abuse_score import FLOOD, HALF_LIFE_S, REFUSAL, Score, pause_ms

HALF_LIFE_MS = round(HALF_LIFE_S * 1000)


def test_a_score_halves_with_time_and_is_no_higher_before_it_was_added() -> None:
    score = Score().plus(2, 1000)
    assert [score.at(1000 + each * HALF_LIFE_MS) for each in range(3)] == [2, 1, 0.5]
    assert score.at(0) == 2


@pytest.mark.parametrize(
    ("every_s", "count", "is_paused"),
    [(10, 3, False), (10, 4, True), (600, 4, False), (HALF_LIFE_S, 50, False), (60, 4, True)],
)
def test_refusals_pause_a_person_only_if_they_come_within_a_short_time(
    every_s: float, count: int, is_paused: bool
) -> None:
    score = Score()
    for number in range(count):
        score = score.plus(REFUSAL, round(number * every_s * 1000))
    assert (pause_ms(score.value, 3) > 0) is is_paused


def test_a_pause_ends_when_half_of_the_limit_is_left() -> None:
    assert pause_ms(6, 3) == 2 * HALF_LIFE_MS
    score = Score(5, 0)
    assert score.at(pause_ms(5, 3)) == pytest.approx(1.5)
    assert pause_ms(3, 3) == 0
    assert pause_ms(100, 0) == 0, "no limit"


def test_a_flood_of_some_dozens_of_messages_pauses_a_person() -> None:
    score = Score()
    for number in range(30):
        score = score.plus(FLOOD, number * 1000)
    assert not pause_ms(score.value, 3)
    assert pause_ms(score.plus(2 * FLOOD, 30_000).value, 3)
