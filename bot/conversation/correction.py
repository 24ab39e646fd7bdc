"""A summary that a person has corrected, and a trim at the same time: pure."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from bot.conversation.past import Past
from bot.conversation.turn import Turn

Correction = tuple[int, str]
"""The id of the turn whose trim has put a summary before the window, and the text that stands for that."""

FINGERPRINT_CHARS = 16
"""Fits into a custom id; a collision does no harm."""


def fingerprint(summary: str) -> str:
    """Return a short hash of a summary, to compare it with the summary that a person has read."""
    return hashlib.sha256(summary.encode()).hexdigest()[:FINGERPRINT_CHARS]


def trims(turn: Turn | None, own: Turn | None) -> bool:
    """Say whether a turn changes the preface; `own` is its entry before this regeneration."""
    return turn is not None and turn.preface is not None and (own is None or turn.preface != own.preface)


def reconciled(turn: Turn, window_start: int, past: Past, correction: Correction | None) -> tuple[Turn, int]:
    """Return a turn that trims, and its window, as they go together with a correction made while it was answered.

    `past` is what the turn began with. A summary that was merely carried on is replaced. Where a new one was made of
    it, that holds what was to be corrected: the trim does not count, so that the next turn makes another.
    """
    stands = replace(past, corrected=correction).preface.summary
    if turn.preface is not None and turn.preface.summary == past.preface.summary:
        return replace(turn, preface=replace(turn.preface, summary=stands)), window_start
    return replace(
        turn, preface=past.earlier.preface if past.earlier is not None else None
    ), past.window_start
