"""Messages that were received, wait, or got no answer, and up to where channels have been listed.

A record of a message lives as long as its conversation while its message waits or its turn is the last one; then
DONE_RECORD_S, and the text goes at once. A tombstone lives TOMBSTONE_S.
"""

from __future__ import annotations

from bot.store.contracts.contract import Contract

MESSAGES = (
    Contract(
        "{C}:t:<message>",
        "hash",
        "record of a message, and of the turn it begins",
        "see above",
        whose="a person",
        personal=("ids", "names", "words", "files"),
        exported="messages",
        erased="message",
    ),
    Contract(
        "{C}:q",
        "sorted set",
        "ids of messages that wait for their answer, by time",
        "conversation",
        whose="a conversation",
    ),
    Contract(
        "{C}:n",
        "sorted set",
        "latest messages of a channel and their conversations, by time",
        "seconds",
        whose="a conversation",
    ),
    Contract(
        "{C}:n:<message>",
        "string",
        "a message that was just accepted",
        "seconds",
        whose="a person",
        personal=("ids", "names", "words", "files"),
        exported="messages",
        erased="by expiry",
    ),
    Contract(
        "{C}:d",
        "hash",
        "decisions about messages of a channel that got no ordinary answer",
        "seconds",
        whose="a conversation",
        personal=("ids",),
        exported="as stored",
        erased="kept",
    ),
    Contract(
        "{C}:hw",
        "string",
        "high-water mark: up to which message the channel has been listed",
        "conversation",
        whose="nobody",
    ),
    Contract(
        "since",
        "string",
        "when the bot began to listen with this store (ms)",
        "for ever",
        whose="nobody",
    ),
    Contract(
        "looked",
        "string",
        "until when (ms) archived threads have been listed",
        "for ever",
        whose="nobody",
    ),
    Contract(
        "looked:shards",
        "hash",
        "until when (ms) the archived threads of a shard have been listed, where processes share the shards",
        "for ever",
        whose="nobody",
    ),
)
