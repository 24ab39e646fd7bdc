"""The policy of a turn."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversation.lifetime import CacheSetting
from bot.conversation.pricing import Prices
from bot.conversation.request import Effort, ThinkingType
from bot.conversation.trimming import TrimPolicy


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """The settings of a turn, fitted to its model; times in seconds. `trimming` respects the model's context.

    `effort` is None if the model has none, `thinking` for the model's default, `prices` if unknown. A turn is given
    up after `tries` attempts. `secret` keys the hashes that name people to Anthropic. If `interrupts`, a new message
    interrupts a running reply. The first request waits `gather_s` for further messages. A prompt holds at most
    `limit_tokens` (None: unknown) and stays below `step_tokens`, where the price rises (None: no such step). If
    `summarizes`, a trim leaves a summary of the dropped turns.
    """

    model: str
    effort: Effort | None
    max_tokens: int
    system: str
    trimming: TrimPolicy
    tries: int
    lease_s: float
    heartbeat_s: float
    secret: bytes
    interrupts: bool = False
    gather_s: float = 0.0
    limit_tokens: int | None = None
    step_tokens: int | None = None
    cache: CacheSetting = "auto"
    summarizes: bool = False
    thinking: ThinkingType | None = None
    prices: Prices | None = None
