"""The replies that a message can ask for by its first word."""

from __future__ import annotations

from collections.abc import Callable

from bot.local.simulator.claude.reply import Reply
from bot.local.simulator.claude.steps import ToolUse


def _stream(name: str, _: int) -> Reply:
    return Reply(tuple(f"{name}, piece {piece}. " for piece in range(8)), pause_s=0.12)


def _lasting(name: str, _: int) -> Reply:
    return Reply(tuple(f"{name}, piece {piece}. " for piece in range(40)), pause_s=0.12)


def _slow(name: str, _: int) -> Reply:
    return Reply(tuple(f"{name}, piece {piece}. " for piece in range(3)), pause_s=0.5)


def _short(name: str, _: int) -> Reply:
    return Reply((f"{name}, ", "in short."), pause_s=0.02)


def _long(name: str, _: int) -> Reply:
    paragraphs = tuple(f"{name}, paragraph {number}. {'More words. ' * 45}".strip() for number in range(8))
    return Reply(tuple(f"{text}\n\n" for text in paragraphs), pause_s=0.05)


def _shrinking(name: str, attempt: int) -> Reply:
    return _long(name, attempt) if attempt == 1 else _short(name, attempt)


def _waning(name: str, attempt: int) -> Reply:
    return _lasting(name, attempt) if attempt == 1 else _short(name, attempt)


def _knocking(name: str, step: int) -> Reply:
    match step:
        case 0:
            return Reply.of(f"{name}, I knock. ", ToolUse("knock", {"door": "north"}), pause_s=0.1)
        case 1:
            calls = ToolUse("ring", {"bell": "south"}), ToolUse("time_in", {"zone": "Asia/Tokyo"})
            return Reply.of(*calls, pause_s=0.1)
    return Reply((f"{name}, ", "I have knocked, ", "and I have rung."), pause_s=0.1)


def _permitted(name: str, step: int) -> Reply:
    if step == 0:
        return Reply.of(f"{name}, I ask. ", ToolUse("permit", {"gate": "east"}), pause_s=0.05)
    return Reply((f"{name}, ", "it waits."), pause_s=0.05)


STEPS: dict[str, Callable[[str, int], Reply]] = {
    "knocking": _knocking,  # three requests; two effects, one of which may not be repeated
    "permitted": _permitted,  # a call that waits until somebody allows it
}
"""Replies by the number of the steps that were taken before."""

KINDS: dict[str, Callable[[str, int], Reply]] = {
    "stream": _stream,  # several edits
    "lasting": _lasting,  # five leases long
    "slow": _slow,  # half a second before the first text
    "short": _short,
    "long": _long,  # three messages
    "waning": _waning,  # five leases long at first, and short if it is asked for again
    "shrinking": _shrinking,  # three messages at first, and one if it is asked for again
}
