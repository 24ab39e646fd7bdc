"""Running turns, and the queue of conversations that may have work.

A result lives as long as its conversation until the turn is done, then RESULT_S.
"""

from __future__ import annotations

from bot.store.contracts.contract import Contract

TURNS = (
    Contract(
        "{C}:l",
        "hash",
        "lease: token, owner, expiry in ms",
        "a day",
        whose="nobody",
    ),
    Contract(
        "{C}:r:<message>",
        "string",
        "what the thread is to show for a committed turn",
        "see above",
        whose="a conversation",
        personal=("words",),
        exported="with its message",
        erased="result",
    ),
    Contract(
        "{C}:s",
        "sorted set",
        "turns to reconcile, by the time (ms) from which that is safe",
        "seconds",
        whose="a conversation",
    ),
    Contract(
        "work",
        "sorted set",
        "work queue: conversations that may have work",
        "until done",
        whose="nobody",
    ),
    Contract(
        "bell",
        "channel",
        "conversations to look at, by publish and subscribe",
        "not stored",
        whose="nobody",
    ),
)
