"""The data contract: what each key in Redis holds, whose data that is, and how long it lives.

All keys of a conversation share the hash tag `{C}`, so that its scripts stay in one slot of a cluster; what is set
and noted for a server shares `{S}`, in direct messages the id of the channel.

A record of a message lives as long as its conversation while its message waits or its turn is the last one; then
DONE_RECORD_S, and the text goes at once. A tombstone lives TOMBSTONE_S. A result lives as long as its conversation
until the turn is done, then RESULT_S. An announcement lives RETIREMENT_NOTICE_S.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

RedisType = Literal["hash", "set", "sorted set", "list", "string", "stream", "channel"]

Life = Literal[
    "conversation",
    "conversation and a day",
    "see above",
    "seconds",
    "a day",
    "audit.ttl_days",
    "usage.ttl_days",
    "for ever",
    "until removed",
    "until done",
    "trimmed by time",
    "not stored",
]
"""How long a key lives.

`conversation`: the history's `ttl_days` after the last message. `seconds`: what `bot/store/keys.py` says. `until
removed`: settings and prompts of a thread live as long as its conversation.
"""

WITHOUT_EXPIRY: tuple[Life, ...] = ("for ever", "until removed", "until done", "trimmed by time")
"""The keys that stay until somebody removes them, or their oldest members; every other key expires."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a key holds; `people` says by what the key names or quotes people, "" if by nothing.

    In the name `{C}` stands for a conversation, `{S}` for a server, `<…>` for an id.
    """

    name: str
    type: RedisType
    holds: str
    people: str
    lives: Life

    @property
    def pattern(self) -> str:
        """A pattern of the key's name behind the prefix, as SCAN and fnmatch take it."""
        return re.sub(r"<\w+>|\{[CS]\}", "*", self.name)

    @property
    def expires(self) -> bool:
        """Whether the key has a time to live."""
        return self.lives not in WITHOUT_EXPIRY


CONTRACTS = (
    Contract(
        "{C}:t:<message>",
        "hash",
        "record of a message, and of the turn it begins",
        "its text, its author's id",
        "see above",
    ),
    Contract(
        "{C}:q",
        "sorted set",
        "ids of messages that wait for their answer, by time",
        "",
        "conversation",
    ),
    Contract(
        "{C}:h",
        "list",
        "history, an entry per turn; entries change in place, none is removed",
        "texts",
        "conversation",
    ),
    Contract(
        "{C}:f",
        "hash",
        "contents of files by message and attachment; quotes by message",
        "texts, names",
        "seconds",
    ),
    Contract(
        "{C}:u",
        "hash",
        "uploads, by the digest of the content: when each began, its id at Anthropic",
        "",
        "seconds",
    ),
    Contract(
        "{C}:b",
        "hash",
        "bytes of inline files, by the digest of the content",
        "files",
        "conversation and a day",
    ),
    Contract(
        "{C}:x",
        "set",
        "ids of uploads to delete at Anthropic",
        "",
        "seconds",
    ),
    Contract(
        "{C}:l",
        "hash",
        "lease: token, owner, expiry in ms",
        "",
        "a day",
    ),
    Contract(
        "{C}:r:<message>",
        "string",
        "what the thread is to show for a committed turn",
        "the reply",
        "see above",
    ),
    Contract(
        "{C}:hw",
        "string",
        "high-water mark: up to which message the channel has been listed",
        "",
        "conversation",
    ),
    Contract(
        "{C}:s",
        "sorted set",
        "turns to reconcile, by the time (ms) from which that is safe",
        "",
        "seconds",
    ),
    Contract(
        "{C}:n",
        "sorted set",
        "latest messages of a channel and their conversations, by time",
        "",
        "seconds",
    ),
    Contract(
        "{C}:n:<message>",
        "string",
        "a message that was just accepted",
        "its text",
        "seconds",
    ),
    Contract(
        "{C}:meta",
        "hash",
        "channel, starter, window, cost, last turn",
        "ids; prompt, summary",
        "conversation",
    ),
    Contract(
        "{C}:use:<day>",
        "hash",
        "messages, requests, tokens and costs of a conversation's day, by person and model",
        "ids",
        "usage.ttl_days",
    ),
    Contract(
        "{S}:uses",
        "sorted set",
        "conversations and days with usage, by day",
        "",
        "usage.ttl_days",
    ),
    Contract(
        "i:<interaction>",
        "string",
        "which instance answers an interaction",
        "",
        "seconds",
    ),
    Contract(
        "pulse:<instance>",
        "string",
        "latest heartbeat of an instance; missing or old after a rollback",
        "",
        "seconds",
    ),
    Contract(
        "known",
        "sorted set",
        "conversations by their latest message (ms)",
        "",
        "trimmed by time",
    ),
    Contract(
        "inline",
        "sorted set",
        "inline files and their sizes, by when they were last used (s)",
        "",
        "trimmed by time",
    ),
    Contract(
        "sweeps",
        "sorted set",
        "conversations that may hold files to delete, by when to look (ms)",
        "",
        "until done",
    ),
    Contract(
        "bell",
        "channel",
        "conversations to look at, by publish and subscribe",
        "",
        "not stored",
    ),
    Contract(
        "since",
        "string",
        "when the bot began to listen with this store (ms)",
        "",
        "for ever",
    ),
    Contract(
        "looked",
        "string",
        "until when (ms) archived threads have been listed",
        "",
        "for ever",
    ),
    Contract(
        "work",
        "sorted set",
        "work queue: conversations that may have work",
        "",
        "until done",
    ),
    Contract(
        "{S}:set:<id>",
        "hash",
        "settings of a server, a channel or a thread, each with who set it and when",
        "ids; the prompt",
        "until removed",
    ),
    Contract(
        "{S}:audit",
        "stream",
        "administrative acts: who, where, what, before, after",
        "ids",
        "audit.ttl_days",
    ),
    Contract(
        "{S}:prompts:<id>",
        "stream",
        "earlier prompts of a server, a channel or a thread",
        "the prompts, ids",
        "until removed",
    ),
    Contract(
        "scope:<id>",
        "hash",
        "prompt and model of a channel or a server, as the version before wrote them",
        "the prompt",
        "until removed",
    ),
    Contract(
        "{budgets}:c:<counter>",
        "hash",
        "what of a limit is used up in a window, and who was told that it is full",
        "ids",
        "seconds",
    ),
    Contract(
        "{budgets}:r:<turn>",
        "hash",
        "reservations of a turn: the counters of each, whether it is settled",
        "ids",
        "seconds",
    ),
    Contract(
        "{budgets}:open",
        "sorted set",
        "reservations under way, by when they are given back (ms)",
        "ids",
        "seconds",
    ),
    Contract(
        "{budgets}:n:<instance>",
        "string",
        "number of an instance's calls to the budgets; missing or lower after a rollback",
        "",
        "seconds",
    ),
    Contract(
        "models",
        "sorted set",
        "models that were chosen or used, by when that was last (s)",
        "",
        "seconds",
    ),
    Contract(
        "ending:<day>:<model>",
        "string",
        "which instance announces on that day that a model ends",
        "",
        "see above",
    ),
    Contract(
        "trial:<number>",
        "string",
        "what the start check writes",
        "",
        "seconds",
    ),
    Contract(
        "commands:<application>",
        "string",
        "fingerprint of the registered slash commands",
        "",
        "for ever",
    ),
)
