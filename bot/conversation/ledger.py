"""The ledger of a conversation's tokens: exact where the API has told, estimated by what it told before.

`usage` of a request counts its whole prompt. The next one holds that prompt, the reply, and the new message; so
the total is known but for the new message, and the difference of two totals is the price of the reply and the
message after it, exactly. What breaks the chain (a trim, another model or system prompt) costs one estimate:
the `usage` of the first request after it is the new anchor.
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
"""The latest turns teach how many tokens this conversation's texts take: more would only cost time."""

UNSURE_SHARE = 0.3
"""How far an estimate may be off before it is counted: Anthropic's tokenizers differ by about this much."""

LEAST_FRAMED = 3
"""Messages that it takes to tell the framing from an error of the rates."""

MOST_FRAMING_TOKENS = 30
"""More than this is no framing of a message and the reply before it."""

ODD_FACTOR = 4
"""A difference of so many times the estimate, or the reverse, was not made by the new message alone."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """What two requests must have in common for one to extend the other.

    `key` names the model, the system prompt and the preface; `window_start` is the index of the first turn.
    """

    key: str
    window_start: int

    def begins(self, turn: Turn) -> bool:
        """Say whether a turn was asked with the same beginning."""
        return (turn.prefix_key, turn.window_start) == (self.key, self.window_start)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The tokens of a request to come, without its newest message: `other` are those outside of all turns.

    Of the total, `estimated` tokens were never counted by the API. By estimate, what stands before the turns takes
    `texts` of `other`, which is what the turns leave of the total.
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
        """Predict the next request; `before` are the texts that stand before its turns (the system prompt)."""
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
        """Learn what this conversation's texts cost; the latest turn, with the model of today, counts most.

        Replies are counted without any framing, so they teach first; what messages take beyond that is the framing,
        and what is left of them after it teaches the scripts that people write in.
        """
        recent = self.turns[-LEARNED_TURNS:]
        replies = [
            (turn.reply, turn.usage.output - turn.usage.thinking)
            for turn in recent
            # A reply that was continued took several requests, of which only the last is remembered.
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
        """Return the tokens of the newest message, whose request is answered.

        `forecast` was made for that request and `extends` says whether it is one that extends another: then it
        is the difference of the two totals, else the estimate.
        """
        exact = extends and not forecast.estimated and self._anchor() is not None
        if not (exact and usage.input_total):
            return estimated
        measured = usage.input_total - forecast.total
        plausible = 0 < measured <= ODD_FACTOR * estimated and measured * ODD_FACTOR >= estimated
        return measured if plausible else estimated

    def _anchor(self) -> int | None:
        """Find the latest turn whose count is the beginning of the next request's."""
        stale = max((turn.amended for turn in (*self.pinned, *self.turns)), default=0)
        for at in range(len(self.turns) - 1, -1, -1):
            turn = self.turns[at]
            if stale and turn.id <= stale:
                return None  # it counted a text that has been changed since
            # Turns since then may have been asked in another way, or be adopted: they are added as they are known.
            if turn.usage.input_total and self.prefix.begins(turn):
                return at
        return None


def _written(turn: Turn) -> int:
    """Return what the turn's own request added to the prompts after it: its reply, or what was added to that last."""
    if not turn.was_continued:
        return turn.reply_tokens
    counted = turn.usage.output - turn.usage.thinking
    return counted or round(turn.reply_tokens * len(turn.reply_parts[-1]) / max(1, len(turn.reply)))


def _extends(before: Turn, turn: Turn) -> bool:
    return before.outcome == "answered" and Prefix(before.prefix_key, before.window_start).begins(turn)


def worth_counting(total: int, estimated: int, limit: int) -> bool:
    """Say whether a forecast is so near a limit that only the API's own count can tell on which side it is."""
    return abs(total - limit) <= UNSURE_SHARE * estimated
