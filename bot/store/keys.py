"""Every key in Redis, and how long it lives.

All keys of a conversation share the hash tag `{C}`, so that its scripts stay in one slot of a cluster.

| key | type | content |
|---|---|---|
| …:{C}:t:<message> | hash | the journal of a message: state, payload, its turn; the turn's own fields, and wishes |
| …:{C}:q | sorted set | ids of messages that wait for their answer, by time |
| …:{C}:h | list | the history: one entry per turn; entries change in place, and are never taken out |
| …:{C}:l | hash | the lease: token, owner, expiry in ms |
| …:{C}:r:<message> | string | what the thread is to show for a turn that is committed |
| …:{C}:hw | string | the high-water mark: up to which message the place has been listed |
| …:{C}:s | sorted set | turns to settle, by the time (ms) from which that is safe |
| …:{C}:meta | hash | where the thread stands, who started it, its choices, the cut, totals, last turn, buttons |
| …:i:<interaction> | string | which instance answers an interaction |
| …:pulse:<instance> | string | the latest beat of an instance: missing or old after a roll-back of the store |
| …:known | sorted set | conversations by their latest message (ms), trimmed by time; no expiry |
| …:bell | channel | conversations that want to be looked at, by publish and subscribe |
| …:since | string | when the bot began to listen with this store (ms); no expiry |
| …:looked | string | until when (ms) archived threads have been looked through; no expiry |
| …:work | sorted set | conversations that need attention: a hint; no expiry |
| …:scope:<id> | hash | the prompt and the model of a channel or a server; no expiry |
| …:models | sorted set | models that were chosen or used, by when that was last (s), trimmed by time |
| …:ending:<day>:<model> | string | which instance has told on that day that a model will end |
| …:trial:<number> | string, hash | what the start tries the store with |
| …:commands:<application> | string | what was last registered as slash commands; no expiry |
"""

from __future__ import annotations

import datetime as dt

WITHOUT_EXPIRY = ("work", "known", "since", "looked", "scope:*", "commands:*")
"""The keys that stay until somebody removes them; everything else expires."""

DONE_RECORD_S = 7 * 24 * 3600
"""How long an answered message is known by its id: far longer than any listing or repeated event reaches back.
Those of the last turn are known as long as the conversation, for it may be answered anew."""

BURIED_S = 600
"""A message that was deleted before it was taken in: much longer than anybody holds or lists one once the store is
there."""

INTERACTION_S = 15 * 60
"""An interaction's token is valid for 15 minutes (Discord, interactions); after that nobody can answer it."""

MODEL_IN_USE_S = 7 * 24 * 3600
"""What was neither chosen nor used for so long may be chosen nowhere any more; if it is, its next use tells."""

TOLD_S = 2 * 24 * 3600
"""What was told on a day need not be known for longer than that day, wherever the clocks stand."""

RESULT_S = 3600
"""How long a finished reply can be compared with what Discord shows: longer than any call can hang."""

PULSE_S = 3600
"""An instance that was silent for so long looks through everything anyway."""

ID_DIGITS = 20
"""Ids are padded, so that they sort as text: a double cannot hold a snowflake."""


class Keys:
    """Names the keys under one prefix."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.work = f"{prefix}:work"
        self.known = f"{prefix}:known"
        self.since = f"{prefix}:since"
        self.looked = f"{prefix}:looked"
        self.bell = f"{prefix}:bell"
        self.models = f"{prefix}:models"

    def record_prefix(self, conversation: int) -> str:
        """The beginning of every message record of a conversation."""
        return f"{self.prefix}:{{{conversation}}}:t:"

    def record(self, conversation: int, message: int) -> str:
        """The journal of a message."""
        return self.record_prefix(conversation) + padded(message)

    def pending(self, conversation: int) -> str:
        """The messages that wait."""
        return f"{self.prefix}:{{{conversation}}}:q"

    def history(self, conversation: int) -> str:
        """The log of turns."""
        return f"{self.prefix}:{{{conversation}}}:h"

    def lease(self, conversation: int) -> str:
        """Who works on the conversation."""
        return f"{self.prefix}:{{{conversation}}}:l"

    def result_prefix(self, conversation: int) -> str:
        """The beginning of every result of a conversation."""
        return f"{self.prefix}:{{{conversation}}}:r:"

    def result(self, conversation: int, lead: int) -> str:
        """What the thread is to show for a turn."""
        return self.result_prefix(conversation) + padded(lead)

    def mark(self, place: int) -> str:
        """How far a thread or channel has been listed."""
        return f"{self.prefix}:{{{place}}}:hw"

    def settling(self, conversation: int) -> str:
        """The turns to settle."""
        return f"{self.prefix}:{{{conversation}}}:s"

    def pulse(self, instance: str) -> str:
        """The latest beat of an instance."""
        return f"{self.prefix}:pulse:{instance}"

    def meta(self, conversation: int) -> str:
        """What is known of the conversation itself."""
        return f"{self.prefix}:{{{conversation}}}:meta"

    def interaction(self, interaction: int) -> str:
        """Who answers an interaction."""
        return f"{self.prefix}:i:{interaction}"

    def ending(self, model: str, day: dt.date) -> str:
        """Who has told of a model's end on a day."""
        return f"{self.prefix}:ending:{day.isoformat()}:{model}"

    def scope(self, scope: int) -> str:
        """The settings of a channel or a server."""
        return f"{self.prefix}:scope:{scope}"

    def trial(self, name: str) -> str:
        """A key to try the store with."""
        return f"{self.prefix}:trial:{name}"

    def commands(self, application: int) -> str:
        """What is registered at Discord."""
        return f"{self.prefix}:commands:{application}"


def padded(snowflake: int) -> str:
    """Write an id so that text order is time order."""
    return str(snowflake).zfill(ID_DIGITS)
