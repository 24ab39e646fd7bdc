"""Conversations, their histories and their branches."""

from __future__ import annotations

from bot.store.contracts.contract import Contract

CONVERSATIONS = (
    Contract(
        "{C}:h",
        "list",
        "history, an entry per turn; entries change in place, none is removed",
        "conversation",
        whose="a conversation",
        personal=("ids", "names", "words", "files"),
        exported="messages",
        erased="entries",
    ),
    Contract(
        "{C}:meta",
        "hash",
        "channel, starter, window, cost, last turn; names of the channel and the server",
        "conversation",
        whose="a conversation",
        personal=("ids", "words"),
        exported="conversations",
        erased="summary",
    ),
    Contract(
        "known",
        "sorted set",
        "conversations by their latest message (ms)",
        "trimmed by time",
        whose="nobody",
    ),
    Contract(
        "{P}:branches",
        "hash",
        "branches that a person has asked for: of which conversation, at which turn, their threads",
        "seconds",
        whose="a person",
        personal=("ids", "names", "words"),
        exported="as stored",
        erased="key",
    ),
    Contract(
        "branching",
        "sorted set",
        "people whose branches are being made, by when to look (ms)",
        "until done",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="kept",
    ),
)
