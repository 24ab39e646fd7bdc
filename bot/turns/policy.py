"""The policy of all turns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """The operator's settings of turns, the same in all scopes; times in seconds.

    `model` is named in the entries of replies that only Discord has. A turn is given up after `tries` attempts.
    `secret` keys the hashes that name people to Anthropic. If `interrupts`, a new message interrupts a running reply.
    With `keeps_at_limit` a message waits until a full limit renews.
    The first request waits `gather_s` for further messages. If `summarizes`, a trim leaves a summary of the dropped
    turns.
    """

    model: str
    tries: int
    lease_s: float
    heartbeat_s: float
    secret: bytes
    interrupts: bool = False
    gather_s: float = 0.0
    summarizes: bool = False
    keeps_at_limit: bool = False
