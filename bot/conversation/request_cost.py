"""What a request to Claude used, for what, and on whose account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bot.conversation.request import Usage

Purpose = Literal["reply", "continuation", "tool step", "summary", "count", "retry", "catch-up"]
"""A `continuation` goes on with a reply that paused or was cut off, a `tool step` with one that called tools. A
`retry` repeats a request that failed, was too long, or named a file that is gone. A `catch-up` is a private answer
about a thread."""


@dataclass(frozen=True, slots=True)
class Payer:
    """The person on whose account a turn is, the person's `roles` as far as known, and the place of the turn.

    `channel` is the channel of the thread; in direct messages, which have no `server`, it is the conversation itself.
    """

    person: int
    server: int | None
    channel: int
    conversation: int
    roles: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class RequestCost:
    """One request that was sent to Claude, and its cost in micro-dollars, None if the prices are not known.

    If the usage is not `complete`, because the request broke off, `usage` and `micro_usd` are the part that was
    reported; `micro_usd` is None if nothing was.
    """

    payer: Payer
    model: str
    purpose: Purpose
    usage: Usage = field(default_factory=Usage)
    micro_usd: int | None = None
    complete: bool = True

    @property
    def is_known(self) -> bool:
        """Whether `micro_usd` is the whole cost."""
        return self.complete and self.micro_usd is not None
