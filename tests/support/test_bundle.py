"""What a bundle takes of the stored events."""

from __future__ import annotations

import json
import time

from bot.store.key_lifetimes import EVENTS_S
from bot.support.bundle import recent


def test_lines_that_hold_no_event_and_events_of_earlier_hours_are_left_out() -> None:
    now_s = time.time()
    new, old = {"event": "a", "at": now_s}, {"event": "b", "at": now_s - EVENTS_S - 60.0}
    assert recent([json.dumps(new), json.dumps(old), "{broken", "[]", "5"]) == [new]
