"""The parts of a journal in a bundle, as a replay takes them; pure."""

from __future__ import annotations

import re
from typing import Any

from bot.store.states import State

SIDE = frozenset({"summary", "count", "catch-up"})
"""The purposes of requests that a replay does not make: it has no history."""

MOST_PAUSE_S = 10.0
"""A replay waits no longer for a piece of text or for a tool."""

MOST_CHARS = 100_000
"""A replay makes no longer text of a length in the journal, which anybody may have written."""

TOOL_PREFIX = "replay_"
"""What the names of the replay's tools begin with: those of the bot itself are taken."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")


def attempts_of(journal: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the attempts of the timeline, in order; none for a turn of an older release."""
    found = journal.get("timeline")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def entry_of(journal: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of the history, empty if there is none."""
    return next((each["turn"] for each in journal.get("entry") or () if "turn" in each), {})


def is_running(journal: dict[str, Any]) -> bool:
    """Whether the journal was read while the turn ran."""
    state = (journal.get("record") or {}).get("state")
    return not entry_of(journal) and state not in (None, State.DONE, State.CANCELLED)


def reply_of(journal: dict[str, Any]) -> str:
    """Return the text of the reply, "" without one."""
    sent = entry_of(journal).get("sent", ())
    texts = [
        "".join(str(block.get("text", "")) for block in message["blocks"])
        for message in sent
        if message["role"] == "assistant"
    ]
    return "".join(texts) or str((journal.get("result") or {}).get("reply") or "")


def numbers(value: Any) -> list[int]:
    """Return the numbers of a list, none if it is no list of numbers."""
    if not isinstance(value, list) or not all(isinstance(each, int) for each in value):
        return []
    return value


def dicts(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, none if it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def tool_name(call: dict[str, Any]) -> str:
    """Return the name by which a replay has the tool of a call."""
    name = str(call.get("tool") or "")
    return TOOL_PREFIX + (name if _NAME.fullmatch(name) else "tool")
