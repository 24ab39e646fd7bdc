"""The ledger of a conversation's tokens: exact where the API has counted, estimated from earlier counts elsewhere.

The `usage` of a request counts its whole prompt. The next prompt holds that prompt, the reply, and the new message;
so its total is known except for the new message, and the difference of two totals is exactly the tokens of the
reply and the message after it. A break of the chain (a trim, another model or system prompt) costs one estimate:
the `usage` of the first request after the break is the new anchor.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median_low

from bot.conversation.content import fixed_tokens
from bot.conversation.request import Usage
from bot.conversation.tokens import PRIOR, TokenRates
from bot.conversation.turn import UNSENT, Turn

LEARNED_TURNS = 24
"""The number of latest turns from which the rates are learned; more would only cost time."""

UNSURE_SHARE = 0.3
"""The error of an estimate: Anthropic's tokenizers differ by about this much."""

LEAST_FRAMED = 3
"""The number of messages needed to tell the framing from an error of the rates."""

MOST_FRAMING_TOKENS = 30
"""An upper limit for the framing of a message and the reply before it."""

ODD_FACTOR = 4
"""A difference of so many times the estimate, or the reverse, has other causes than the new message."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning that two requests share if one extends the other.

    `key` names the model, the system prompt and the preface; `window_start` is the index of the first turn.
    """

    key: str
    window_start: int

    def begins(self, turn: Turn) -> bool:
        """Say whether the request of a turn had the same beginning."""
        return (turn.prefix_key, turn.window_start) == (self.key, self.window_start)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The tokens of the next request without its new message: `other` are those outside of all turns.

    `estimated` tokens of the total were never counted by the API. `texts` is the estimate for the texts before the
    turns; `other` is what the turns leave of the total.
    """

    other: int
    turns: int
    estimated: int
    texts: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.other + self.turns


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the turns of the window and the `pinned` turns before them tell about their tokens."""

    turns: tuple[Turn, ...]
    prefix: Prefix
    pinned: tuple[Turn, ...] = ()

    def forecast(self, rates: TokenRates, before: Sequence[str]) -> Forecast:
        """Predict the next request; `before` are the texts before its turns (system prompt, summary)."""
        turns = sum(turn.tokens for turn in (*self.pinned, *self.turns))
        texts = sum(rates.message(text) for text in before)
        at = self._anchor()
        if at is None:
            return Forecast(texts, turns, texts + turns, texts)
        anchor = self.turns[at]
        since = sum(turn.tokens for turn in self.turns[at + 1 :])
        known, guessed = anchor.usage.input_total, 0
        if anchor.outcome in UNSENT:
            # Its message was counted, and is left out from now on.
            known -= anchor.user_tokens
        elif anchor.outcome == "answered":
            known += _written(anchor)
            guessed = 0 if anchor.usage.output else _written(anchor)
        return Forecast(known + since - turns, turns, since + guessed, texts)

    def rates(self) -> TokenRates:
        """Learn the token rates of this conversation's texts; the latest turn, with the present model, counts most.

        Replies are counted without framing, so they come first; what messages take beyond the rates is the framing,
        and the rest teaches the scripts that people write in.
        """
        recent = self.turns[-LEARNED_TURNS:]
        replies = [
            (turn.reply, turn.usage.output - turn.usage.thinking)
            for turn in recent
            # Of a reply that took several requests, only the usage of the last is stored.
            if turn.outcome == "answered" and turn.usage.output and not turn.was_continued
        ]
        users = [
            (turn.user, turn.user_tokens - fixed_tokens(turn.question.blocks))
            for before, turn in itertools.pairwise(recent)
            if turn.usage.input_total and before.usage.output and _extends(before, turn)
        ]
        rates = PRIOR.learned(replies)
        if len(users) >= LEAST_FRAMED:
            rest = median_low(tokens - rates.of(text) for text, tokens in users)
            rates = replace(rates, framing=max(0, min(MOST_FRAMING_TOKENS, rest)))
        return rates.learned((text, tokens - rates.framing) for text, tokens in users)

    def measure(self, estimated: int, usage: Usage, forecast: Forecast, *, extends: bool) -> int:
        """Return the tokens of the new message, now that its request is answered.

        `forecast` was made for that request. If the request `extends` another, the result is the difference of the
        two totals, else the estimate.
        """
        exact = extends and not forecast.estimated and self._anchor() is not None
        if not (exact and usage.input_total):
            return estimated
        measured = usage.input_total - forecast.total
        plausible = 0 < measured <= ODD_FACTOR * estimated and measured * ODD_FACTOR >= estimated
        return measured if plausible else estimated

    def _anchor(self) -> int | None:
        """Return the index of the latest turn whose count is part of the next request's, None if there is none."""
        stale = max((turn.amended for turn in (*self.pinned, *self.turns)), default=0)
        for at in range(len(self.turns) - 1, -1, -1):
            turn = self.turns[at]
            if stale and turn.id <= stale:
                return None  # the count is of a text that was changed since
            # Later turns may have had another prefix, or were recovered from Discord: their own tokens are added.
            if turn.usage.input_total and self.prefix.begins(turn):
                return at
        return None


def _written(turn: Turn) -> int:
    """Return the tokens that the turn's last request added to later prompts: its reply, or the last part of it."""
    if not turn.was_continued:
        return turn.reply_tokens
    counted = turn.usage.output - turn.usage.thinking
    return counted or round(turn.reply_tokens * len(turn.reply_parts[-1]) / max(1, len(turn.reply)))


def _extends(before: Turn, turn: Turn) -> bool:
    return before.outcome == "answered" and Prefix(before.prefix_key, before.window_start).begins(turn)


def worth_counting(total: int, estimated: int, limit: int) -> bool:
    """Say whether a forecast is so near a limit that only the API's own count decides."""
    return abs(total - limit) <= UNSURE_SHARE * estimated
