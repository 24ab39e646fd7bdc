"""What Claude sees of a conversation, for people to look at: pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversation import lifetime, prompt
from bot.conversation.compose import Past, Terms
from bot.conversation.ledger import Ledger, Prefix


@dataclass(frozen=True, slots=True)
class Share:
    """One part of the budget, in tokens."""

    name: str
    tokens: int


@dataclass(frozen=True, slots=True)
class View:
    """What the next request would hold besides the next message; sizes in tokens.

    `shares` are the parts of `budget`, the room that is left included; `estimated` of the tokens were never
    counted by the API. `turns` are seen, beside `pinned` ones from before the cut; `trimmed` ones are not.
    `first` is the id of the message with which the window begins, None if it is empty. `cached` tokens are in
    the prompt cache by now, as far as anybody can tell.
    """

    model: str
    shares: tuple[Share, ...]
    budget: int
    used: int
    estimated: int
    turns: int
    pinned: int
    trimmed: int
    first: int | None
    cached: int
    caches: bool
    summary: str


def view(terms: Terms, past: Past, now_ms: int) -> View:
    """Look at a conversation as the next request would."""
    front = past.front
    prefix = Prefix(prompt.prefix_key(terms.manner, terms.system, front), past.cut)
    ledger = Ledger(past.history, prefix, front.kept)
    rates = ledger.rates()
    before = [*terms.system, *([front.summary] if front.summary else [])]
    forecast = ledger.forecast(rates, before)
    summary = min(rates.of(front.summary), forecast.other) if front.summary else 0
    pinned = sum(turn.tokens for turn in front.kept)
    used = max(0, forecast.total)
    seen = [turn for turn in past.history if turn.outcome != "refused"]
    shares = (
        Share("system prompt", max(0, forecast.other - summary)),
        Share("summary", summary),
        Share("pinned", pinned),
        Share("history", max(0, forecast.turns - pinned)),
        Share("room left", max(0, terms.trimming.high_tokens - used)),
    )
    return View(
        model=terms.model,
        shares=shares,
        budget=terms.trimming.high_tokens,
        used=used,
        estimated=max(0, forecast.estimated),
        turns=len(seen),
        pinned=len(front.kept),
        trimmed=max(0, past.cut - len(front.kept)),
        first=seen[0].id if seen else None,
        cached=min(used, lifetime.in_cache(past.history, prefix, now_ms).warm),
        caches=terms.cache != "off",
        summary=front.summary,
    )


def cells(shares: tuple[Share, ...], count: int) -> tuple[int, ...]:
    """Divide so many cells among the shares: each that is not empty has one at least, if there are enough.

    What is over goes to those that are furthest short (the method of largest remainders).
    """
    total = sum(share.tokens for share in shares)
    if total <= 0:
        return tuple(0 for _ in shares)
    exact = [share.tokens * count / total for share in shares]
    given = [max(1, int(part)) if share.tokens else 0 for share, part in zip(shares, exact, strict=True)]
    while sum(given) > count and max(given) > 1:
        given[max(range(len(given)), key=lambda at: (given[at] > 1, given[at] - exact[at]))] -= 1
    while sum(given) < count:
        given[max(range(len(given)), key=lambda at: exact[at] - given[at])] += 1
    return tuple(given)
