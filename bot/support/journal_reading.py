"""The parts of a journal in a bundle; pure."""

from __future__ import annotations

from typing import Any


def attempts_of(journal: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the attempts of the timeline, in order; none for a turn of an older release."""
    found = journal.get("timeline")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def entry_of(journal: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of the history, empty if there is none."""
    return next((each["turn"] for each in journal.get("entry") or () if "turn" in each), {})


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
