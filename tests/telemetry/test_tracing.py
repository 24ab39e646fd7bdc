"""Traces of turns."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.telemetry import tracing
from tests.telemetry.stage import CONTENT, boom


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    found = InMemorySpanExporter()
    stop = tracing.configure(found)
    yield found
    stop()


def spans(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    provider = tracing._tracer.span_processor if tracing._tracer is not None else None  # type: ignore[attr-defined]
    if provider is not None:
        provider.force_flush()
    return {span.name: span for span in exporter.get_finished_spans()}


class Failing(InMemorySpanExporter):
    """Fails at the first export."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Fail, or keep the spans."""
        is_first = not self.get_finished_spans()
        super().export(spans)
        return SpanExportResult.FAILURE if is_first else SpanExportResult.SUCCESS


def test_the_log_tells_that_traces_are_taken_again() -> None:
    exporter = Failing()
    stop = tracing.configure(exporter)
    try:
        with structlog.testing.capture_logs() as lines:
            for _ in range(3):
                with tracing.turn(tracing.now_ns()):
                    pass
                spans(exporter)
    finally:
        stop()
    assert [line["event"] for line in lines] == ["trace_export_restored"]


async def test_a_turn_is_a_trace_with_its_phases(exporter: InMemorySpanExporter) -> None:
    began_ns = tracing.now_ns()
    with tracing.turn(began_ns, turn=7):
        with tracing.begin("prepare"):
            pass

        async def request() -> None:
            phase = tracing.begin("request")
            phase.set({"gen_ai.request.model": "claude", "anthropic.request_id": None})
            phase.end()

        await asyncio.create_task(request())
        tracing.outcome("answered")
    found = spans(exporter)
    root = found["turn"]
    assert root.parent is None
    assert root.start_time == found["claim"].start_time == began_ns
    assert root.attributes == {"bobbin.turn": 7, "bobbin.outcome": "answered"}
    assert root.context is not None
    for name in ("claim", "prepare", "request"):
        parent = found[name].parent
        assert parent is not None
        assert parent.span_id == root.context.span_id
    assert found["request"].attributes == {"gen_ai.request.model": "claude"}
    assert root.resource.attributes["service.name"] == "bobbin"


def test_a_phase_that_fails_tells_the_type_of_the_error_and_not_its_text(
    exporter: InMemorySpanExporter,
) -> None:
    with pytest.raises(ValueError, match=CONTENT), tracing.turn(tracing.now_ns()), tracing.begin("post"):
        boom(CONTENT)
    found = spans(exporter)
    assert found["post"].status.description == found["turn"].status.description == "ValueError"
    assert CONTENT not in "".join(span.to_json() for span in found.values())


def test_two_turns_are_two_traces(exporter: InMemorySpanExporter) -> None:
    for _ in range(2):
        with tracing.turn(tracing.now_ns()):
            pass
    spans(exporter)
    assert len({span.context.trace_id for span in exporter.get_finished_spans() if span.context}) == 2


def test_outside_of_a_turn_nothing_is_traced(exporter: InMemorySpanExporter) -> None:
    with tracing.begin("request"):
        pass
    assert spans(exporter) == {}


def test_switched_off_a_phase_is_always_the_same_object_and_does_nothing() -> None:
    with tracing.turn(tracing.now_ns(), turn=7):
        assert tracing.begin("request") is tracing.begin("stream")
        tracing.begin("request").set({"gen_ai.request.model": "claude"})
    assert tracing.now_ns() == 0


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_the_environment_decides(environ: dict[str, str], wanted: bool) -> None:
    assert tracing.is_wanted(environ) is wanted
