"""Traces of turns by OpenTelemetry, an optional package: on where OTEL_EXPORTER_OTLP_ENDPOINT is set, else free.

A trace is a turn, with a span for each phase: claim, prepare, request, stream, commit, post. Attributes are ids,
names of models, and numbers; neither messages nor the texts of errors.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Self

import structlog

from bot.telemetry.first_failure import FirstFailure
from bot.version import version

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

log = structlog.get_logger()

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
DISABLED = "OTEL_SDK_DISABLED"
SERVICE_NAME = "OTEL_SERVICE_NAME"

FLUSH_S = 1.0
"""The shutdown waits no longer for spans that are not exported yet."""

Attribute = str | int | float | bool

_tracer: Tracer | None = None
_turn: ContextVar[Span | None] = ContextVar("turn_span", default=None)


class Phase:
    """A phase of a turn; ends once."""

    __slots__ = ("_span",)

    def __init__(self, span: Span | None) -> None:
        self._span = span

    def set(self, attributes: Mapping[str, Attribute | None]) -> None:
        """Add attributes, without those that are None."""
        if self._span is not None:
            self._span.set_attributes({key: each for key, each in attributes.items() if each is not None})

    def end(self, error: BaseException | None = None) -> None:
        """End the phase, as failed with an error, of which the type is told."""
        span, self._span = self._span, None
        if span is not None:
            _end(span, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.end(error)


_NO_PHASE = Phase(None)


def is_wanted(environ: Mapping[str, str] | None = None) -> bool:
    """Say whether the environment asks for traces."""
    environ = os.environ if environ is None else environ
    return any(environ.get(name) for name in ENDPOINTS) and environ.get(DISABLED, "").lower() != "true"


def configure(exporter: SpanExporter | None = None) -> Callable[[], None]:
    """Export traces to `exporter`, by default the one of the environment; returns what ends that.

    Without the packages a line of the log says so, and there are no traces.
    """
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from bot.telemetry.watched_exporter import WatchedExporter

        if exporter is None:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            exporter = OTLPSpanExporter()
    except ImportError:
        log.warning(
            "tracing_unavailable", hint="install bobbin[otel], or take OTEL_EXPORTER_OTLP_ENDPOINT out"
        )
        return lambda: None
    named = {} if os.environ.get(SERVICE_NAME) else {"service.name": "bobbin"}
    provider = TracerProvider(
        resource=Resource.create({**named, "service.version": version()}), shutdown_on_exit=False
    )
    filtered = FirstFailure.of("opentelemetry", hint=f"is {ENDPOINTS[0]} right? turns go on without traces")
    provider.add_span_processor(BatchSpanProcessor(WatchedExporter(exporter, filtered)))
    _use(provider.get_tracer("bobbin"))

    def stop() -> None:
        _use(None)
        ending = threading.Thread(target=provider.shutdown, name="tracing-ends", daemon=True)
        ending.start()
        ending.join(FLUSH_S)
        filtered.remove()

    log.info("tracing_started")
    return stop


def _use(tracer: Tracer | None) -> None:
    global _tracer  # noqa: PLW0603 - one for the process, like the log
    _tracer = tracer


def now_ns() -> int:
    """Return the time at which a phase that is told afterwards has begun; 0 without traces."""
    return 0 if _tracer is None else time.time_ns()


@contextmanager
def turn(began_ns: int, **attributes: Attribute) -> Iterator[None]:
    """Trace a turn that was claimed just now; the claim `began_ns`."""
    if _tracer is None or not began_ns:
        yield
        return
    from opentelemetry.context import Context

    named = {f"bobbin.{name}": each for name, each in attributes.items()}
    span = _tracer.start_span("turn", context=Context(), start_time=began_ns, attributes=named)
    token = _turn.set(span)
    begin("claim", began_ns).end()
    error: BaseException | None = None
    try:
        yield
    except BaseException as raised:
        error = raised
        raise
    finally:
        _turn.reset(token)
        _end(span, error)


def begin(name: str, began_ns: int = 0, **attributes: Attribute) -> Phase:
    """Begin a phase of the running turn; usable as a context manager."""
    if _tracer is None or (parent := _turn.get()) is None:
        return _NO_PHASE
    from opentelemetry.context import Context
    from opentelemetry.trace import set_span_in_context

    context = set_span_in_context(parent, Context())
    span = _tracer.start_span(name, context=context, start_time=began_ns or None, attributes=attributes)
    return Phase(span)


def outcome(name: str) -> None:
    """Note the outcome of the running turn."""
    if (span := _turn.get()) is not None:
        span.set_attribute("bobbin.outcome", name)


def _end(span: Span, error: BaseException | None) -> None:
    from opentelemetry.trace import StatusCode

    if error is not None:
        span.set_status(StatusCode.ERROR, type(error).__name__)
    span.end()
