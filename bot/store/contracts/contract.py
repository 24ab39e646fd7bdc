"""What a contract is: the values that it consists of, and their meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
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

`conversation`: the history's `ttl_days` after the last message. `see above`: what the docstring of the key's module
says. `seconds`: what `bot/store/key_lifetimes.py` says. `until removed`: settings and prompts of a thread live as
long as its conversation.
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
