"""The events that a support bundle may hold."""

from __future__ import annotations

import json
import logging
from typing import Any

from bot.telemetry.recent_events import MOST_EVENTS, RecentEvents

# As long as an id of Discord: fewer digits can stand in the time of an event.
PERSON = 771_771_771_771_771_771


def logged(
    *events: dict[str, Any] | str, name: str = "bot.turns.run", level: int = logging.INFO
) -> list[Any]:
    """What is kept of events."""
    recent = RecentEvents()
    for event in events:
        recent.emit(logging.LogRecord(name, level, "path", 1, event, None, None))
    return [json.loads(line) for line in recent.take()]


def test_names_numbers_ids_and_known_words_are_kept() -> None:
    (event,) = logged(
        {"event": "turn_done", "turn": 5, "seconds": 0.5, "model": "claude-sonnet-5-5", "again": True}
    )
    del event["at"]
    assert event == {
        "event": "turn_done",
        "turn": 5,
        "seconds": 0.5,
        "model": "claude-sonnet-5-5",
        "again": True,
    }


def test_security_texts_people_and_the_words_of_libraries_are_left_out() -> None:
    error = ValueError("what somebody wrote")
    kept = logged(
        {
            "event": "x",
            "detail": "wrote",
            "reason": "two words",
            "person": PERSON,
            "user": PERSON,
            "exc_info": error,
        }
    )
    kept += logged("somebody wrote this", name="discord.client", level=logging.WARNING)
    kept += logged("below a warning", name="discord.client")
    assert [set(each) for each in kept] == [{"event", "at", "error"}, {"event", "at", "logger", "level"}]
    assert kept[0]["error"] == "ValueError"
    assert not any(word in json.dumps(kept) for word in ("wrote", "words", str(PERSON)))


def test_of_too_many_events_the_latest_are_kept_and_each_is_taken_once() -> None:
    kept = logged(*({"event": "x", "turn": number} for number in range(MOST_EVENTS + 5)))
    assert [kept[0]["turn"], kept[-1]["turn"], len(kept)] == [5, MOST_EVENTS + 4, MOST_EVENTS]
    recent = RecentEvents()
    assert recent.take() == []
