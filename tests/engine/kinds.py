"""The replies that a message can ask for by its first word."""

from __future__ import annotations

from collections.abc import Callable

from bot.local.simulator.claude.reply import Reply


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


KINDS: dict[str, Callable[[str, int], Reply]] = {
    "stream": _stream,  # several edits
    "lasting": _lasting,  # five leases long
    "slow": _slow,  # half a second before the first text
    "short": _short,
    "long": _long,  # three messages
    "waning": _waning,  # five leases long at first, and short if it is asked for again
    "shrinking": _shrinking,  # three messages at first, and one if it is asked for again
}
