"""The clairvoyant optimum: what caching could cost at least, if every gap to come were known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation.pricing import Rates

LIFE_S = {"5m": 300.0, "1h": 3600.0}


@dataclass(frozen=True, slots=True)
class Asking:
    """One request: when it starts, its tokens, and whether its prompt begins like that of the one before.

    If it does not, so many tokens are `shared` nevertheless, such as those of the system prompt.
    """

    at_s: float
    tokens: int
    extends: bool
    shared: int = 0


@dataclass(frozen=True, slots=True)
class _State:
    """The longest entry of each kind, in tokens, and when it ends."""

    short: int = 0
    short_until: float = 0.0
    hour: int = 0
    hour_until: float = 0.0

    def at(self, now: float) -> _State:
        short = self.short if self.short_until > now else 0
        hour = self.hour if self.hour_until > now else 0
        if hour >= short:
            short = 0
        return _State(short, self.short_until if short else 0.0, hour, self.hour_until if hour else 0.0)

    def cut(self, tokens: int) -> _State:
        """Return what is left of the entries where the prompt is another one after so many tokens."""
        if not tokens:
            return _State()
        return replace(self, short=min(self.short, tokens), hour=min(self.hour, tokens))


def least_cost(askings: Sequence[Asking], rates: Rates, min_tokens: int) -> float:
    """Find the cheapest way to cache each request for five minutes, an hour, or not, by dynamic programming.

    In tokens at the full price. It may also read what is cached without writing the new text, which the rule never
    does.
    """
    best: dict[_State, float] = {_State(): 0.0}
    for asking in askings:
        after: dict[_State, float] = {}
        for state, paid in best.items():
            now = (state if asking.extends else state.cut(asking.shared)).at(asking.at_s)
            for new, price in _options(now, asking, rates, min_tokens):
                total = paid + price
                if total < after.get(new, float("inf")):
                    after[new] = total
        best = _pruned(after)
    return min(best.values()) / rates.input


def _options(state: _State, asking: Asking, rates: Rates, min_tokens: int) -> list[tuple[_State, float]]:
    tokens, now = asking.tokens, asking.at_s
    if tokens < min_tokens:
        return [(state, tokens * rates.input)]
    warm = max(state.short, state.hour)
    rest = tokens - warm
    read = warm * rates.read
    fresh = _State(
        state.short,
        now + LIFE_S["5m"] if state.short else 0.0,
        state.hour,
        now + LIFE_S["1h"] if state.hour else 0.0,
    )
    return [
        (state, tokens * rates.input),
        (fresh, read + rest * rates.input),
        (
            _State(tokens, now + LIFE_S["5m"], fresh.hour, fresh.hour_until),
            read + rest * rates.write_5m,
        ),
        (_State(0, 0.0, tokens, now + LIFE_S["1h"]), read + rest * rates.write_1h),
    ]


def _pruned(found: dict[_State, float]) -> dict[_State, float]:
    """Leave out what another state is at least as good as, for no more money."""
    kept: list[tuple[_State, float]] = []
    for state, paid in sorted(found.items(), key=lambda item: item[1]):
        if not any(_as_good(other, state) for other, _ in kept):
            kept.append((state, paid))
    return dict(kept)


def _as_good(one: _State, other: _State) -> bool:
    return (
        one.short >= other.short
        and one.short_until >= other.short_until
        and one.hour >= other.hour
        and one.hour_until >= other.hour_until
    )
