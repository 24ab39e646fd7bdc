"""Log lines of a library that repeat."""

from __future__ import annotations

import logging

from bot.telemetry.first_failure import AGAIN_S, FirstFailure


def record(name: str) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "", 0, "failed", None, None)


def test_the_first_line_passes_and_then_one_every_ten_minutes() -> None:
    now = [0.0]
    found = FirstFailure("library", lambda: now[0])
    passed = []
    for now[0] in (0.0, 1.0, AGAIN_S - 1, AGAIN_S, AGAIN_S + 1):
        passed.append(found.filter(record("library.exporter")))
    assert passed == [True, False, False, True, False]


def test_other_lines_pass() -> None:
    found = FirstFailure("library", lambda: 0.0)
    assert all(found.filter(record(name)) for name in ("bot", "library", "library_of_another", "bot"))


def test_the_line_that_passes_has_the_hint() -> None:
    found = FirstFailure("library", lambda: 0.0, hint="is SETTING right?")
    failure = logging.LogRecord("library", logging.ERROR, "", 0, "failed at 100%% of %s", ("spans",), None)
    assert found.filter(failure)
    assert failure.getMessage() == "failed at 100% of spans (is SETTING right?)"
