"""An error of the log as an event for Sentry: its type, its place and ids, without any text of its own.

Sentry, "Event Payloads". Nothing is taken over but what is named here: no values of variables, no text of exceptions,
no fields of the log besides `IDS`.
"""

from __future__ import annotations

import logging
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb
from typing import Any

from bot.telemetry.tracebacks import describe

LEVELS = {"ERROR": "error", "CRITICAL": "fatal"}

IDS = ("conversation", "turn", "request_id", "tool", "handler", "kind", "status", "frames")
"""The fields of a log event that are reported: ids, names of ours, and names in code."""

TAG_CHARS = 200
"""Sentry's limit for the value of a tag."""

CAUSES_MAX = 5
FRAMES_MAX = 50


def event_of(record: logging.LogRecord, release: str) -> dict[str, Any]:
    """Return the event for a record; of a library's record the name of the logger alone is reported."""
    fields = record.msg if isinstance(record.msg, dict) else {}
    name = str(fields.get("event", "")) if fields else f"error of {record.name}"
    if not fields and (record.name == "bot" or record.name.startswith("bot.")):
        name = str(record.msg)  # our own names of events, as bot/telemetry/logs.py logs them
    error = _error_of(record, fields)
    event: dict[str, Any] = {
        "event_id": uuid.uuid4().hex,
        "timestamp": record.created,
        "platform": "python",
        "level": LEVELS.get(record.levelname, "error"),
        "logger": record.name,
        "release": release,
        "logentry": {"formatted": name},
        "tags": {key: str(fields[key])[:TAG_CHARS] for key in IDS if isinstance(fields.get(key), str | int)},
        # What has no traceback is grouped by its name.
        "fingerprint": ["{{ default }}", name],
    }
    if error is not None:
        event["exception"] = {"values": [_value(each) for each in reversed(list(_causes(error)))]}
    return event


def key_of(event: dict[str, Any]) -> str:
    """Return what two events of the same error have in common."""
    values = event.get("exception", {}).get("values", ())
    places = [
        (each["type"], *((frame["filename"], frame["lineno"]) for frame in each["stacktrace"]["frames"][-1:]))
        for each in values
    ]
    return f"{event['logentry']['formatted']} {places}"


def _error_of(record: logging.LogRecord, fields: dict[str, Any]) -> BaseException | None:
    given = fields.get("exc_info", record.exc_info)
    found = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    return found if isinstance(found, BaseException) else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen and len(seen) < CAUSES_MAX:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _value(error: BaseException) -> dict[str, Any]:
    frames = [
        {
            "filename": "/".join(Path(frame.f_code.co_filename).parts[-3:]),
            "module": str(frame.f_globals.get("__name__", "")),
            "function": frame.f_code.co_qualname,
            "lineno": line,
            "in_app": str(frame.f_globals.get("__name__", "")).startswith("bot"),
        }
        for frame, line in walk_tb(error.__traceback__)
    ]
    kind = type(error)
    return {
        "type": kind.__qualname__,
        "module": kind.__module__,
        "value": describe(error),
        "stacktrace": {"frames": frames[-FRAMES_MAX:]},
    }
