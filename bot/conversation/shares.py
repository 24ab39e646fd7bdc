"""The share of each part of a request in its known total: pure.

The turns are counted once, by the model that answered them. After a change of the model another tokenizer counts the
total, so that the parts no longer add up: then they are scaled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation.ledger import UNSURE_SHARE, Forecast
from bot.conversation.turn import Turn

MOST_APART = 1.5
"""The largest factor between two models' counts of the same turns (1.3 and its inverse were measured)."""


@dataclass(frozen=True, slots=True)
class Shares:
    """`pinned` and `turns` with their tokens; `other` is the rest of the total, for the texts before them.

    `recalled` turns are not part of the total, and are scaled in the same way.
    """

    other: int
    pinned: tuple[Turn, ...]
    turns: tuple[Turn, ...]
    recalled: tuple[Turn, ...]

    @property
    def in_turns(self) -> int:
        """The tokens of all turns that are part of the whole."""
        return sum(turn.tokens for turn in (*self.pinned, *self.turns))

    def scaled(self, factor: float, *, but: str | None = None) -> Shares:
        """Scale the tokens of all turns, except those that the model `but` has answered."""
        pinned, turns, recalled = (
            tuple(turn if turn.model == but else _scaled(turn, factor) for turn in part)
            for part in (self.pinned, self.turns, self.recalled)
        )
        return Shares(self.other, pinned, turns, recalled)


def share_out(
    forecast: Forecast, pinned: Sequence[Turn], turns: Sequence[Turn], recalled: Sequence[Turn], *, model: str
) -> Shares:
    """Share out the total of a forecast for `model`.

    Counts of other models are scaled if the rest for the texts before the turns is far from the estimate of these
    texts. If the turns still exceed the total, all turns are scaled.
    """
    shares = Shares(forecast.other, tuple(pinned), tuple(turns), tuple(recalled))
    total = max(0, forecast.total)
    own = sum(turn.tokens for turn in (*pinned, *turns) if turn.model == model)
    foreign = shares.in_turns - own
    if foreign and abs(forecast.other - forecast.texts) > UNSURE_SHARE * forecast.texts:
        factor = (total - forecast.texts - own) / foreign
        shares = shares.scaled(max(1 / MOST_APART, min(MOST_APART, factor)), but=model)
    if (counted := shares.in_turns) > total:
        shares = shares.scaled(total / counted)
    return replace(shares, other=max(0, total - shares.in_turns))


def _scaled(turn: Turn, factor: float) -> Turn:
    user, reply = round(turn.user_tokens * factor), round(turn.reply_tokens * factor)
    return replace(turn, user_tokens=user, reply_tokens=reply)
