"""The latest events of the log, with ids and numbers only, for a support bundle."""

from __future__ import annotations

import json
import logging
import re
from collections import deque
from typing import Any

from bot.telemetry.tracebacks import describe

MOST_EVENTS = 500
"""So many events wait at most until they are stored."""

PEOPLE = frozenset({"person", "user", "author", "member", "who", "subject", "target", "starter"})
"""The names of values that are the ids of people, which are left out."""

WORDS = frozenset(
    {
        "attempt", "code", "description", "exception", "kind", "level", "limit", "logger", "method", "model",
        "outcome", "permission", "purpose", "reason", "request_id", "scope", "source", "state", "status", "step",
        "stop_reason", "thinking", "unit",
    }
)  # fmt: skip
"""The names of values that are words of the bot's own or of an API, where they are one word."""

_WORD = re.compile(r"[\w.:/+-]{1,64}", re.ASCII)


class RecentEvents(logging.Handler):
    """Gathers the bot's events until they are taken; of too many the oldest go."""

    def __init__(self) -> None:
        super().__init__()
        self._events: deque[dict[str, Any]] = deque(maxlen=MOST_EVENTS)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep an event; what libraries log may quote anything, so that their name alone is kept."""
        if isinstance(record.msg, dict) and record.name.startswith("bot"):
            self._events.append(_safe(record.msg, record.created))
        elif record.levelno >= logging.WARNING:
            library = {"event": "library", "logger": record.name, "level": record.levelname.lower()}
            self._events.append({**library, "at": round(record.created, 3)})

    def take(self) -> list[str]:
        """Return the events since the last call, as JSON."""
        taken = list(map(json.dumps, self._events))
        self._events.clear()
        return taken


def _safe(event: dict[str, Any], at: float) -> dict[str, Any]:
    """Return the name of an event, its numbers, ids of everything but people, and known words."""
    kept: dict[str, Any] = {"event": str(event.get("event", "")), "at": round(at, 3)}
    for name, value in event.items():
        if name in PEOPLE or name == "event":
            continue
        if isinstance(value, bool | int | float):
            kept[name] = value
        elif name in WORDS and _WORD.fullmatch(str(value)):
            kept[name] = str(value)
    error = event.get("exc_info")
    error = error[1] if isinstance(error, tuple) else error
    if isinstance(error, BaseException):
        kept["error"] = describe(error).partition(":")[0]
    return kept
