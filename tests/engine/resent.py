"""A turn that is asked for again, after a crash or because it is regenerated, is asked for with the same bytes."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from bot.local.simulator.claude.record import Call


def other_bytes(asked: Collection[Call], words: Collection[str]) -> list[str]:
    """Return the turns, by the `words` of their messages, that were asked for with different bytes."""
    first: dict[frozenset[str], str] = {}
    found = []
    for call in asked:
        if not isinstance(call.body, dict):
            continue
        latest = str(call.body["messages"][-1])
        turn = frozenset(each for each in words if each in latest)
        sent = json.dumps([_without_breakpoints(message) for message in call.body["messages"]])
        if turn and first.setdefault(turn, sent) != sent:
            found.append(f"{sorted(turn)} was asked for with other bytes: {_parting(first[turn], sent)}")
    return found


def _without_breakpoints(message: dict[str, Any]) -> list[Any]:
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [{name: value for name, value in block.items() if name != "cache_control"} for block in blocks]


def _parting(before: str, after: str) -> str:
    pairs = zip(before, after, strict=False)
    at = next((at for at, (one, other) in enumerate(pairs) if one != other), 0)
    return f"…{before[max(0, at - 60) : at]}[{before[at : at + 60]} | {after[at : at + 60]}]…"
