"""Reads the parts of a bundle's journal for a replay, and tolerates every malformed value. Pure."""

from __future__ import annotations

import re
from typing import Any

from bot.store.states import State

SIDE = frozenset({"summary", "count", "catch-up"})
"""The purposes of requests that write nothing of the reply."""

MOST_PAUSE_S = 10.0
"""Bounds the wait for a delta or a tool in a replay."""

MOST_CHARS = 100_000
"""Bounds the texts of a replay: the lengths stand in a file that anybody may have written."""

TOOL_PREFIX = "replay_"
"""The prefix of the replay's tools, whose names would else clash with the bot's own tools."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")


def attempts_of(journal: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the attempts of the timeline, in order; empty for a turn of an older release."""
    found = journal.get("timeline")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def entry_of(journal: dict[str, Any]) -> dict[str, Any]:
    """Return the turn's entry of the history, {} without one."""
    return next((each["turn"] for each in journal.get("entry") or () if "turn" in each), {})


def earlier_of(journal: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of the turns before; empty for the first turn, and for a bundle of an older release."""
    return dicts(journal.get("earlier"))


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
    """Return a list of numbers, [] for any other value."""
    if not isinstance(value, list) or not all(isinstance(each, int) for each in value):
        return []
    return value


def dicts(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, [] for any other value."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def tool_name(call: dict[str, Any]) -> str:
    """Return the name of a call's tool in the replay."""
    name = str(call.get("tool") or "")
    return TOOL_PREFIX + (name if _NAME.fullmatch(name) else "tool")
