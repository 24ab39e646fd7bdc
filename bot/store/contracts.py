"""The data contract: what each key in Redis holds, whose data that is, its life, its export and its erasure.

All keys of a conversation share the hash tag `{C}`, so that its scripts stay in one slot of a cluster; what is set
and noted for a server shares `{S}`, in direct messages the id of the channel; `{P}` is a person.

A record of a message lives as long as its conversation while its message waits or its turn is the last one; then
DONE_RECORD_S, and the text goes at once. A tombstone lives TOMBSTONE_S. A result lives as long as its conversation
until the turn is done, then RESULT_S. An announcement lives RETIREMENT_NOTICE_S.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
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


Owner = Literal["nobody", "a person", "a conversation", "a server"]
"""Whose data a key holds. What is nobody's tells of no person, and no person can have it erased."""

Personal = Literal["ids", "names", "words", "files"]
"""What may tell of a person: ids of people, their names, what people and Claude wrote, files and their names."""

Export = Literal[
    "nothing",
    "messages",
    "with its message",
    "files",
    "settings",
    "acts",
    "usage",
    "reminders",
    "conversations",
    "facts",
    "as stored",
]
"""Under which heading `/my data` lists what a key holds of the person who asks.

`messages`: also what others quote of the person. `with its message`: nothing that does not stand there already, such
as the bytes of a file that is named there, or that will not once the running turn ends. `as stored`: ids, times and
numbers, as Redis holds them. `nothing`: it does not say whom it tells of.
"""

Erasure = Literal[
    "nothing",
    "message",
    "entries",
    "contents",
    "result",
    "summary",
    "prompt",
    "versions",
    "presets",
    "memories",
    "usage",
    "by a sweep",
    "by expiry",
    "with the turn",
    "approvals",
    "reminders",
    "receipt",
    "key",
    "kept",
]
"""What `/forget me` does with a key.

`message`: a record, as a deletion on Discord does it. `entries`: the person's messages go out of the history.
`contents`: files and quotes. `result`: the reply to the person alone. `summary`: what somebody wrote in place of a
summary that may tell of the person. `prompt`, `versions`, `presets`: the prompts that the person set or saved.
`memories`: the facts that the person had remembered.
`usage`: the counts stay, and name nobody. `by a sweep`: goes once the history does not name it any more. `by expiry`:
lives for a minute. `with the turn`: goes once the running turn ends. `approvals`: the calls that the person asked for
go. `reminders`: those that the person has set go. `receipt`: what the erasure itself needs. `key`: the key whose tag
is the person goes. `kept`: stays, see docs/privacy.md.
"""


_PLACE = re.compile(r"<\w+>|\{[CSP]\}")
_NAME = re.compile(r"<\w+>")
_TAG = re.compile(r"\\\{[CSP]\\\}")
"""A hash tag behind re.escape."""

_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Contract:
    """What a key holds. In the name `{C}` is a conversation, `{S}` a server, `{P}` a person, `<…>` an id."""

    name: str
    type: RedisType
    holds: str
    lives: Life
    whose: Owner = field(kw_only=True)
    personal: tuple[Personal, ...] = field(default=(), kw_only=True)
    exported: Export = field(default="nothing", kw_only=True)
    erased: Erasure = field(default="nothing", kw_only=True)

    @property
    def pattern(self) -> str:
        """A pattern of the key's name behind the prefix, as SCAN and fnmatch take it."""
        return _PLACE.sub("*", self.name)

    @property
    def expires(self) -> bool:
        """Whether the key has a time to live."""
        return self.lives not in WITHOUT_EXPIRY


CONTRACTS = (
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
        "{C}:f",
        "hash",
        "contents of files by message and attachment; quotes by message",
        "seconds",
        whose="a conversation",
        personal=("ids", "names", "words", "files"),
        exported="files",
        erased="contents",
    ),
    Contract(
        "{C}:a",
        "hash",
        "calls and results of the running turn's tools, and which effects have begun; the turn's end deletes them",
        "seconds",
        whose="a conversation",
        personal=("ids", "names", "words", "files"),
        exported="with its message",
        erased="with the turn",
    ),
    Contract(
        "{C}:p",
        "hash",
        "calls of tools that wait for a permission: arguments, who asked, who decided, the outcome",
        "seconds",
        whose="a conversation",
        personal=("ids", "words"),
        exported="as stored",
        erased="approvals",
    ),
    Contract(
        "approvals",
        "sorted set",
        "conversations with calls that wait for a permission, by when to look (ms)",
        "until done",
        whose="nobody",
    ),
    Contract(
        "{C}:m",
        "hash",
        "reminders that were set in the conversation: text, person, when due; ended ones without text, for a day",
        "until done",
        whose="a person",
        personal=("ids", "words"),
        exported="reminders",
        erased="reminders",
    ),
    Contract(
        "{P}:reminders",
        "hash",
        "in which conversation each reminder of a person was set",
        "until done",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="key",
    ),
    Contract(
        "reminders",
        "sorted set",
        "conversations with reminders, by when to look (ms)",
        "until done",
        whose="nobody",
    ),
    Contract(
        "{C}:u",
        "hash",
        "uploads, by the digest of the content: when each began, its id at Anthropic",
        "seconds",
        whose="a conversation",
    ),
    Contract(
        "{C}:b",
        "hash",
        "bytes of inline files, by the digest of the content",
        "conversation and a day",
        whose="a conversation",
        personal=("files",),
        exported="with its message",
        erased="by a sweep",
    ),
    Contract(
        "{C}:x",
        "set",
        "ids of uploads to delete at Anthropic",
        "seconds",
        whose="a conversation",
    ),
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
        "{C}:hw",
        "string",
        "high-water mark: up to which message the channel has been listed",
        "conversation",
        whose="nobody",
    ),
    Contract(
        "{C}:s",
        "sorted set",
        "turns to reconcile, by the time (ms) from which that is safe",
        "seconds",
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
        "{C}:use:<day>",
        "hash",
        "messages, requests, tokens and costs of a conversation's day, by person and model",
        "usage.ttl_days",
        whose="a server",
        personal=("ids",),
        exported="usage",
        erased="usage",
    ),
    Contract(
        "{C}:aside:<interaction>",
        "string",
        "mark that the usage of a private answer is recorded",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "{S}:uses",
        "sorted set",
        "conversations and days with usage, by day",
        "usage.ttl_days",
        whose="a server",
    ),
    Contract(
        "i:<interaction>",
        "string",
        "which instance answers an interaction",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "pulse:<instance>",
        "string",
        "latest heartbeat of an instance; missing or old after a rollback",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "events",
        "list",
        "latest events of the log of all instances, without texts and without ids of people",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "metrics:<instance>",
        "string",
        "metrics of an instance",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "known",
        "sorted set",
        "conversations by their latest message (ms)",
        "trimmed by time",
        whose="nobody",
    ),
    Contract(
        "inline",
        "sorted set",
        "inline files and their sizes, by when they were last used (s)",
        "trimmed by time",
        whose="nobody",
    ),
    Contract(
        "sweeps",
        "sorted set",
        "conversations that may hold files to delete, by when to look (ms)",
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
    Contract(
        "calls",
        "hash",
        "shares of the instances in the calls to Discord: held, wanted, until when (ms)",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "identify:<number>",
        "string",
        "which instance has a shard identify at Discord",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "work",
        "sorted set",
        "work queue: conversations that may have work",
        "until done",
        whose="nobody",
    ),
    Contract(
        "{S}:set:<id>",
        "hash",
        "settings of a server, a channel or a thread, each with who set it and when",
        "until removed",
        whose="a server",
        personal=("ids", "words"),
        exported="settings",
        erased="prompt",
    ),
    Contract(
        "{S}:audit",
        "stream",
        "administrative acts: who, where, what, before, after",
        "audit.ttl_days",
        whose="a server",
        personal=("ids",),
        exported="acts",
        erased="kept",
    ),
    Contract(
        "{S}:audit:posted",
        "string",
        "up to which entry the audit log was posted; which instance posts on, since when",
        "audit.ttl_days",
        whose="nobody",
    ),
    Contract(
        "audits",
        "sorted set",
        "servers whose audit log has entries to post or to remove, by when to look (ms)",
        "until done",
        whose="a server",
    ),
    Contract(
        "{S}:presets",
        "hash",
        "named prompts of a server, each with who saved it and when",
        "until removed",
        whose="a server",
        personal=("ids", "words"),
        exported="settings",
        erased="presets",
    ),
    Contract(
        "{S}:memory:<id>",
        "hash",
        "facts of a place (0: the public channels of a server), each with who told it, where and when",
        "conversation",
        whose="a server",
        personal=("ids", "names", "words"),
        exported="facts",
        erased="memories",
    ),
    Contract(
        "memories",
        "sorted set",
        "places with facts, by when these were last used (ms)",
        "trimmed by time",
        whose="nobody",
    ),
    Contract(
        "{S}:prompts:<id>",
        "stream",
        "earlier prompts of a server, a channel or a thread",
        "until removed",
        whose="a server",
        personal=("ids", "words"),
        exported="settings",
        erased="versions",
    ),
    Contract(
        "{S}:threads:<person>",
        "sorted set",
        "messages by which a person has opened threads, or would have opened too many, by time (ms)",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="kept",
    ),
    Contract(
        "{S}:abuse:<person>",
        "hash",
        "a person's score of abuse and its time, until when they are paused, which turns were refused",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="kept",
    ),
    Contract(
        "{P}:places",
        "hash",
        "conversations in which a person's turns run or wait, each with an expiry (ms)",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="key",
    ),
    Contract(
        "scope:<id>",
        "hash",
        "prompt and model of a channel or a server, as the version before wrote them",
        "until removed",
        whose="a server",
        personal=("words",),
        erased="kept",
    ),
    Contract(
        "{budgets}:c:<counter>",
        "hash",
        "what of a limit is used up in a window, and who was told that it is full",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="kept",
    ),
    Contract(
        "{budgets}:r:<turn>",
        "hash",
        "reservations of a turn: the counters of each, whether it is settled",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="kept",
    ),
    Contract(
        "{budgets}:open",
        "sorted set",
        "reservations under way, by when they are given back (ms)",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="kept",
    ),
    Contract(
        "{budgets}:server",
        "hash",
        "the run of the server that answered last, and until when (ms) reservations wait after a rollback",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "{budgets}:n:<instance>",
        "string",
        "number of an instance's calls to the budgets; missing or lower after a rollback",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "pins",
        "hash",
        "definitions of tools of MCP servers that were switched on somewhere, by digest",
        "for ever",
        whose="nobody",
    ),
    Contract(
        "models",
        "sorted set",
        "models that were chosen or used, by when that was last (s)",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "ending:<day>:<model>",
        "string",
        "which instance announces on that day that a model ends",
        "see above",
        whose="nobody",
    ),
    Contract(
        "{P}:consent",
        "string",
        "when a person has agreed to what is kept (ms)",
        "until removed",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="key",
    ),
    Contract(
        "{P}:consent:asked",
        "set",
        "servers and direct messages in which a person was asked for their consent",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="key",
    ),
    Contract(
        "{P}:consent:waits",
        "sorted set",
        "channels and ids of messages that wait for the consent of their author, by time",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="key",
    ),
    Contract(
        "{P}:forget",
        "hash",
        "how far a person is forgotten, and under which names; then the receipt",
        "seconds",
        whose="a person",
        personal=("ids", "names"),
        exported="as stored",
        erased="receipt",
    ),
    Contract(
        "{P}:forget:left",
        "set",
        "keys that are still to be looked at for a person",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="receipt",
    ),
    Contract(
        "forgetting",
        "sorted set",
        "people who are being forgotten, by when to look (ms)",
        "until done",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="receipt",
    ),
    Contract(
        "forgotten",
        "sorted set",
        "people who were forgotten and up to which id, by when they asked (ms)",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="receipt",
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
    Contract(
        "{schema}:version",
        "string",
        "version of what is stored: the number of the latest migration",
        "for ever",
        whose="nobody",
    ),
    Contract(
        "{schema}:lease",
        "string",
        "which instance migrates",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "{schema}:step",
        "string",
        "how far a migration has come",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "{schema}:left",
        "set",
        "names of the keys that a migration has yet to change",
        "until done",
        whose="nobody",
    ),
    Contract(
        "shared:<file>",
        "set",
        "conversations that hold the same upload",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "{trial-<number>}:<number>",
        "string",
        "what the trial of a server writes",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "commands:<application>",
        "string",
        "fingerprint of the registered slash commands",
        "for ever",
        whose="nobody",
    ),
    Contract(
        "commands:<application>:compared",
        "string",
        "which instance has compared the slash commands with those at Discord lately",
        "seconds",
        whose="nobody",
    ),
)

_PATTERNS = [
    (
        re.compile(_NAME.sub(r"[^:{}]+", _TAG.sub(r"\\{\\d+\\}", re.escape(each.name)))),
        each,
    )
    for each in CONTRACTS
]


def contract_of(name: str) -> Contract | None:
    """Return the contract of a key, named without the prefix; None if no contract covers the key."""
    return _of_shape(_DIGITS.sub("0", name))


@lru_cache(maxsize=1000)
def _of_shape(name: str) -> Contract | None:
    return next((each for pattern, each in _PATTERNS if pattern.fullmatch(name)), None)
