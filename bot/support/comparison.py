"""Compares a replay with the journal: lengths, counts and outcomes, never text. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from bot.conversation.timeline import RESUMED
from bot.support.journal_reading import SIDE, attempts_of, dicts, earlier_of, entry_of, is_running, numbers


def compared(journal: dict[str, Any], played: dict[str, Any]) -> list[str]:
    """Return a line for each compared property: that both agree, or how they differ."""
    if not attempts_of(journal):
        return ["The journal has no timeline, as of an older release: nothing is compared."]
    if is_running(journal):
        return ["The journal was read while the turn ran: nothing is compared."]
    lines = [*_messages(journal, played)]
    shapes = {**SHAPES, **EARLIER_SHAPES} if earlier_of(journal) else SHAPES
    for name, of in shapes.items():
        before, after = of(journal), of(played)
        if not (before and after):
            continue
        lines.append(
            f"{name}: {after}, as the journal says" if before == after else _differs(name, before, after)
        )
    return lines


def _messages(journal: dict[str, Any], played: dict[str, Any]) -> Iterator[str]:
    before, after = (numbers(_last(each).get("shown")) for each in (journal, played))
    for number, (old, new) in enumerate(zip_longest(before, after), 1):
        name = f"message {number} of the reply"
        if old == new:
            yield f"{name}: {new} characters, as the journal says"
        else:
            yield _differs(name, *("none" if each is None else f"{each} characters" for each in (old, new)))


def _differs(name: str, before: str, after: str) -> str:
    return f"DIFFERS: {name}: {after}; the journal says {before}"


def _last(journal: dict[str, Any]) -> dict[str, Any]:
    return next(reversed(attempts_of(journal)), {})


def _attempts(journal: dict[str, Any]) -> str:
    return str(_last(journal).get("number", 0))


def _outcome(journal: dict[str, Any]) -> str:
    return str(entry_of(journal).get("outcome") or "no entry")


def _ends(journal: dict[str, Any]) -> str:
    requests = dicts(_last(journal).get("requests"))
    ends = (
        str(each.get("end") or "none")
        for each in requests
        if str(each.get("purpose")) not in {*SIDE, RESUMED}
    )
    return ", ".join(ends) or "none"


def _calls(journal: dict[str, Any]) -> str:
    calls = dicts(_last(journal).get("calls"))
    return ", ".join(str(each.get("outcome", "done")) for each in calls) or "none"


def _errors(journal: dict[str, Any]) -> str:
    """Return the types of Discord's errors, "" for a timeline of an older release, which cannot be played."""
    last = _last(journal)
    failures = last.get("failures")
    if not isinstance(failures, list) or (failures and not last.get("refused")):
        return ""
    return ", ".join(map(str, failures)) or "none"


def _quotes(journal: dict[str, Any]) -> str:
    """Return the number of messages in each quote, "" for a bundle of an older release."""
    if not isinstance(messages := journal.get("quotes"), list):
        return ""
    return (
        ", ".join(str(len(dicts(quote.get("said")))) for quotes in messages for quote in dicts(quotes))
        or "none"
    )


def _window(journal: dict[str, Any]) -> str:
    entry = entry_of(journal)
    made = entry.get("made_with")
    if not isinstance(made, dict):
        return "none"
    summary = " and a summary" if made.get("summary") else ""
    return f"{made.get('turns')} turns{summary}, from {entry.get('window_start')} on"


def _cached(journal: dict[str, Any]) -> str:
    """Return for how long the newest block was cached, "" if unknown: an earlier request had written all of it.

    It was cached for an hour only if all that was written was for an hour.
    """
    usage = entry_of(journal).get("usage")
    if not isinstance(usage, dict):
        return ""
    lifetimes = {"cache_write_5m": "5 minutes", "cache_write_1h": "an hour"}
    unwritten = "" if usage.get("cache_read") else "no time"
    return next((said for name, said in lifetimes.items() if usage.get(name)), unwritten)


SHAPES = {
    "attempts": _attempts,
    "outcome": _outcome,
    "ends of the last attempt's requests": _ends,
    "calls of tools": _calls,
    "messages in quotes": _quotes,
    "errors of Discord": _errors,
}

EARLIER_SHAPES = {"earlier turns in the request": _window, "cached for": _cached}
