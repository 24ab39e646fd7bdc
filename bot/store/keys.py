"""Every key in Redis: what it holds, whose data that is, and how long it lives.

All keys of a conversation share the hash tag `{C}`, so that its scripts stay in one slot of a cluster. "Conversation"
as a lifetime is the history's `ttl` after the last message.

| key | type | content | names people by | lives |
|---|---|---|---|---|
| …:{C}:t:<message> | hash | record of a message, and of the turn it begins | its text, its author's id | below |
| …:{C}:q | sorted set | ids of messages that wait for their answer, by time | — | conversation |
| …:{C}:h | list | history, an entry per turn; entries change in place, none is removed | texts | conversation |
| …:{C}:f | hash | contents of files by message and attachment; quotes by message | texts, names | FILES_S |
| …:{C}:l | hash | lease: token, owner, expiry in ms | — | 1 day |
| …:{C}:r:<message> | string | what the thread is to show for a committed turn | the reply | below |
| …:{C}:hw | string | high-water mark: up to which message the channel has been listed | — | conversation |
| …:{C}:s | sorted set | turns to reconcile, by the time (ms) from which that is safe | — | DONE_RECORD_S |
| …:{C}:meta | hash | channel, starter, overrides, window, cost, last turn | ids; prompt, summary | conversation |
| …:i:<interaction> | string | which instance answers an interaction | — | INTERACTION_S |
| …:pulse:<instance> | string | latest heartbeat of an instance; missing or old after a rollback | — | PULSE_S |
| …:known | sorted set | conversations by their latest message (ms) | — | trimmed by time |
| …:bell | channel | conversations to look at, by publish and subscribe | — | not stored |
| …:since | string | when the bot began to listen with this store (ms) | — | for ever |
| …:looked | string | until when (ms) archived threads have been listed | — | for ever |
| …:work | sorted set | work queue: conversations that may have work | — | until it is done |
| …:scope:<id> | hash | prompt and model of a channel or a server | the prompt | until removed |
| …:models | sorted set | models that were chosen or used, by when that was last (s) | — | MODEL_IN_USE_S |
| …:ending:<day>:<model> | string | which instance announces on that day that a model ends | — | below |
| …:trial:<number> | string, hash | what the start check writes | — | 1 minute |
| …:commands:<application> | string | fingerprint of the registered slash commands | — | for ever |

A record lives as long as its conversation while its message waits or its turn is the last one; then DONE_RECORD_S,
and the text goes at once. A tombstone lives TOMBSTONE_S. A result lives as long as its conversation until the turn is
done, then RESULT_S. An announcement lives RETIREMENT_NOTICE_S.
"""

from __future__ import annotations

import datetime as dt
from typing import NewType

Key = NewType("Key", str)
"""The name of a key in Redis."""

WITHOUT_EXPIRY = ("work", "known", "since", "looked", "scope:*", "commands:*")
"""The keys that stay until somebody removes them; every other key expires."""

DONE_RECORD_S = 7 * 24 * 3600
"""How long an answered message is known by its id: far longer than any listing or repeated event reaches back.
Records of the last turn live as long as the conversation, because the turn may be answered again."""

TOMBSTONE_S = 600
"""How long a message is known that was deleted before it was received: much longer than any instance takes to receive
a message from an event or a listing once the store is reachable."""

INTERACTION_S = 15 * 60
"""An interaction's token is valid for 15 minutes (Discord, interactions); after that nobody can answer it."""

MODEL_IN_USE_S = 7 * 24 * 3600
"""A model that was neither chosen nor used for so long is not in use; if somebody uses it, it is noted again."""

RETIREMENT_NOTICE_S = 2 * 24 * 3600
"""Longer than the day of an announcement, in any time zone."""

FILES_S = 24 * 3600
"""How long the contents of files and the quotes are kept for further attempts and regenerations; after that they are
read again."""

RESULT_S = 3600
"""How long a finished reply can be compared with what Discord shows: longer than any call can hang."""

PULSE_S = 3600
"""An instance that was silent for so long lists every channel anyway."""

ID_DIGITS = 20
"""Ids are padded, so that they sort as text: a double cannot hold a snowflake."""


class Keys:
    """Names the keys under one prefix."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.work = self._key("work")
        self.known = self._key("known")
        self.since = self._key("since")
        self.archives_listed = self._key("looked")
        self.wakeups = self._key("bell")
        self.models = self._key("models")

    def record_prefix(self, conversation: int) -> str:
        """Return what the keys of all records of a conversation begin with."""
        return self._of(conversation, "t:")

    def record(self, conversation: int, message: int) -> Key:
        """Return the record of a message, and of the turn that the message begins."""
        return Key(self.record_prefix(conversation) + padded(message))

    def pending(self, conversation: int) -> Key:
        """Return the messages that wait."""
        return self._of(conversation, "q")

    def history(self, conversation: int) -> Key:
        """Return the entries of the turns."""
        return self._of(conversation, "h")

    def files(self, conversation: int) -> Key:
        """Return the contents of attached files, and the quotes."""
        return self._of(conversation, "f")

    def lease(self, conversation: int) -> Key:
        """Return the lease."""
        return self._of(conversation, "l")

    def result_prefix(self, conversation: int) -> str:
        """Return what the keys of all results of a conversation begin with."""
        return self._of(conversation, "r:")

    def result(self, conversation: int, turn: int) -> Key:
        """Return what the thread is to show for a turn."""
        return Key(self.result_prefix(conversation) + padded(turn))

    def high_water_mark(self, channel_id: int) -> Key:
        """Return how far a thread or a channel has been listed."""
        return self._of(channel_id, "hw")

    def reconcile(self, conversation: int) -> Key:
        """Return the turns to compare with Discord."""
        return self._of(conversation, "s")

    def meta(self, conversation: int) -> Key:
        """Return what is known of the conversation itself."""
        return self._of(conversation, "meta")

    def pulse(self, instance: str) -> Key:
        """Return the latest heartbeat of an instance."""
        return self._key(f"pulse:{instance}")

    def interaction(self, interaction: int) -> Key:
        """Return which instance answers an interaction."""
        return self._key(f"i:{interaction}")

    def retirement_notice(self, model: str, day: dt.date) -> Key:
        """Return which instance announces a model's end on a day."""
        return self._key(f"ending:{day.isoformat()}:{model}")

    def scope(self, scope: int) -> Key:
        """Return the overrides of a channel or a server."""
        return self._key(f"scope:{scope}")

    def start_check(self, name: str) -> Key:
        """Return a key that the start check writes."""
        return self._key(f"trial:{name}")

    def commands(self, application: int) -> Key:
        """Return the fingerprint of what is registered at Discord."""
        return self._key(f"commands:{application}")

    def _key(self, name: str) -> Key:
        return Key(f"{self.prefix}:{name}")

    def _of(self, conversation: int, name: str) -> Key:
        return Key(f"{self.prefix}:{{{conversation}}}:{name}")


def padded(snowflake: int) -> str:
    """Write an id so that text order is time order."""
    return str(snowflake).zfill(ID_DIGITS)
