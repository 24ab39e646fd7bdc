"""What a worker gets when it takes a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.conversation.message import Message
from bot.conversation.turn import Turn
from bot.store.codec import Result


class State(StrEnum):
    """How far a turn has come; each arrow between two of them is one script."""

    CLAIMED = "claimed"
    POSTING = "posting"
    POSTED = "posted"
    COMMITTED = "committed"


@dataclass(frozen=True, slots=True)
class Meta:
    """What is known of a conversation: `parent` is the channel of a thread, `starter` who began it."""

    guild: int | None = None
    parent: int | None = None
    starter: int | None = None
    joined: bool = False
    system: str | None = None
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A conversation that is ours until the lease ends, and the turn to do.

    `lead` is the id of the turn's first message and so the turn's own. `replies` holds the ids of the messages
    that an earlier try has posted, by part. `tries` counts this one too. `waiting` more messages are left for
    the next turn.
    """

    conversation: int
    token: int
    meta: Meta
    lead: int
    messages: tuple[Message, ...]
    state: State
    replies: dict[int, int]
    result: Result | None
    tries: int
    history: tuple[Turn, ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else works on the conversation, for `for_s` seconds more unless they renew."""

    for_s: float


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing waits."""
