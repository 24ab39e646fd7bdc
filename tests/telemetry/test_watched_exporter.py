"""An outage of the collector of traces is one line of the log, and its end another."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from bot.telemetry.first_failure import FirstFailure
from bot.telemetry.watched_exporter import WatchedExporter
from tests.telemetry.stage import boom


class Collector(SpanExporter):
    """Takes spans, refuses them, or raises an error, and logs its failures as the library does."""

    def __init__(self, filtered: FirstFailure) -> None:
        self.passed: list[bool] = []
        self._filtered = filtered

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Do what the only span says."""
        if (wanted := str(spans[0])) == "taken":
            return SpanExportResult.SUCCESS
        record = logging.LogRecord("opentelemetry.exporter", logging.ERROR, "", 0, "failed", None, None)
        self.passed.append(self._filtered.filter(record))
        if wanted == "raised":
            boom(wanted)
        return SpanExportResult.FAILURE


def test_the_end_of_each_outage_is_one_line_and_the_next_outage_is_told_at_once() -> None:
    filtered = FirstFailure("opentelemetry", lambda: 0.0)
    collector = Collector(filtered)
    exporter = WatchedExporter(collector, filtered)
    with structlog.testing.capture_logs() as lines:
        for outcome in ("taken", "refused", "refused", "taken", "taken", "refused", "raised", "taken"):
            try:
                exporter.export([outcome])  # type: ignore[list-item]
            except ValueError:
                assert outcome == "raised"
    assert [(line["event"], line["log_level"]) for line in lines] == [("trace_export_restored", "info")] * 2
    assert collector.passed == [True, False, True, False]
