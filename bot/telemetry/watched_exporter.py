"""An exporter of OpenTelemetry whose recovery is logged; the library itself logs failures only."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from bot.telemetry.first_failure import FirstFailure

log = structlog.get_logger()


class WatchedExporter(SpanExporter):
    """Exports by `exporter`, of whose log lines `filtered` passes the first; used by one thread at a time."""

    def __init__(self, exporter: SpanExporter, filtered: FirstFailure) -> None:
        self._exporter = exporter
        self._filtered = filtered
        self._has_failed = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export, and log a change for the better."""
        had_failed, self._has_failed = self._has_failed, True  # also if the exporter raises
        result = self._exporter.export(spans)
        self._has_failed = result is not SpanExportResult.SUCCESS
        if had_failed and not self._has_failed:
            self._filtered.reset()
            log.info("trace_export_restored")
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)
