"""What the operator chose for every turn."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversation.lifetime import CacheSetting
from bot.conversation.pricing import Prices
from bot.conversation.request import Effort, ThinkingType
from bot.conversation.trimming import TrimPolicy


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """Times in seconds; `trimming` is bounded by the model's context already.

    `effort` is None where the model knows none, `thinking` where its own default counts, `prices` where nobody
    knows them. After `tries` tries a turn is set aside. `secret` makes the
    names under which Anthropic knows people opaque. A running answer is cut by a new message if `interrupts`;
    before each request there is a pause of `gather_s`. A prompt may hold `limit_tokens`, None if that is unknown, and
    is to stay below `step_tokens`, None where no price depends on it.
    With `summarizes`, a trim leaves a summary of what goes.
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
