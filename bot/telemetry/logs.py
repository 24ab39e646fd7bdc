"""The log: events with values, in colours on a terminal, else one JSON object per line.

Three steps keep secrets and message content out: only plain values are rendered, never an object that might hold a
message; an error is shown without its text (`tracebacks`); every known secret is removed from the finished line.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.config import TelemetrySettings
from bot.telemetry.line_writer import LineWriter
from bot.telemetry.tracebacks import format_error

HIDDEN = "[hidden]"
# Removing a shorter "secret" would remove ordinary words from the log, and protect nothing.
SECRET_MIN_CHARACTERS = 4
ALWAYS_PLAIN = frozenset({str, int, float, bool, type(None)})
# Discord puts the token that answers an interaction, or speaks as a webhook, into the path.
TOKEN_IN_PATH = re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s?\"']+")


def flush() -> None:
    """Write the lines that were gathered."""
    for handler in logging.getLogger().handlers:
        handler.flush()


def configure(settings: TelemetrySettings, secrets: Iterable[str], stream: TextIO | None = None) -> None:
    """Send every log of the process to `stream` (standard output), without `secrets`.

    The bot's own events appear from `log_level` on, records of libraries from WARNING on, even if the environment
    lowers their level (ANTHROPIC_LOG, PYTHONASYNCIODEBUG): below WARNING, libraries log what they send and receive.
    A second call replaces the first configuration.
    """
    stream = stream or sys.stdout
    terminal = stream.isatty()
    if settings.log_format == "console" or (settings.log_format == "auto" and terminal):
        renderer: Processor = structlog.dev.ConsoleRenderer(
            colors=terminal and not os.environ.get("NO_COLOR")
        )
    else:
        renderer = structlog.processors.JSONRenderer()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = LineWriter(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                _first_line_of_asyncio,
                _errors_without_text,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _plain_values,
                renderer,
                _RemoveSecrets(secrets),
            ],
        )
    )
    handler.addFilter(_filter_libraries)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    root = logging.getLogger()
    # logging.basicConfig, which libraries call if the environment says so, adds a plain StreamHandler.
    for old in [
        one
        for one in root.handlers
        if isinstance(one.formatter, structlog.stdlib.ProcessorFormatter)
        or type(one) is logging.StreamHandler
    ]:
        root.removeHandler(old)
    root.addHandler(handler)
    set_level(settings.log_level)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # else a record that cannot be formatted is printed with its arguments
    sys.excepthook = _log_bug


def set_level(name: str) -> None:
    """Set the level of the bot's log; libraries log from WARNING on."""
    level = logging.getLevelNamesMapping()[name.upper()]
    logging.getLogger().setLevel(max(level, logging.WARNING))
    logging.getLogger("bot").setLevel(level)


def _filter_libraries(record: logging.LogRecord) -> bool:
    """Pass records of libraries from WARNING on; a library may change the level of its own logger."""
    if record.name == "bot" or record.name.startswith("bot."):
        return True
    if record.name == "asyncio" and isinstance(record.args, tuple):
        # In debug mode asyncio logs slow callbacks with their arguments, which are received data.
        record.args = tuple(
            one if isinstance(one, int | float) else f"<{type(one).__qualname__}>" for one in record.args
        )
    return record.levelno >= logging.WARNING


def _log_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("bot").critical("unhandled_exception", exc_info=error)


def _first_line_of_asyncio(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Keep the first line of asyncio's messages; further lines quote tasks, whose repr holds the text of an error."""
    if event.get("logger") == "asyncio":
        event["event"] = str(event["event"]).partition("\n")[0]
    return event


def _errors_without_text(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = format_error(error)
    return event


def _plain_values(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: _plain(value) for key, value in event.items()}


def _plain(value: Any) -> Any:
    if type(value) in ALWAYS_PLAIN:  # nearly all values, and every subclass below
        return value
    match value:
        case Enum():
            return _plain(value.value)
        case None | bool() | int() | float() | str():
            return value
        case Path():
            return str(value)
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
        case dict():
            return {str(_plain(key)): _plain(item) for key, item in value.items()}
        case type():
            return value.__qualname__
        case _:
            return f"<{type(value).__qualname__}>"


class _RemoveSecrets:
    """Remove every secret from a finished line, in each form in which the renderer may write it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {
            form
            for secret in secrets
            if len(secret) >= SECRET_MIN_CHARACTERS
            for form in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1])
        }
        # Longest first: one secret may be part of another.
        self._secret = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))) or r"(?!)")

    def __call__(self, _: WrappedLogger, __: str, line: Any) -> str:
        return TOKEN_IN_PATH.sub(rf"\1{HIDDEN}", self._secret.sub(HIDDEN, str(line)))
