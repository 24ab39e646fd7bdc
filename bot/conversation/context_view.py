"""What Claude sees of a conversation, for /context: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.conversation import prompt
from bot.conversation.compose import Terms
from bot.conversation.history_files import HistoryFile, files_of_all
from bot.conversation.ledger import Ledger, Prefix
from bot.conversation.lifetime import Cached, in_cache
from bot.conversation.past import Past
from bot.conversation.shares import share_out
from bot.conversation.trimming import Edge, trim
from bot.conversation.turn import UNSENT

PICTURE_CELLS = 24
"""Fits the width of a phone in a code block, with the percentage behind it."""

SIGNS = {"system": "▓", "tools": "▚", "summary": "▒", "pinned": "◆", "history": "█", "free": "░"}
"""One sign for each part; they differ without colour and are as wide as any character of a code block."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the budget: its name (a key of `SIGNS`), tokens, and share of the whole."""

    name: str
    tokens: int
    share: float


@dataclass(frozen=True, slots=True)
class ContextView:
    """All that is told of a window.

    `turns` are sent in full, `pinned` of them from before the window; `trimmed` ones lie before it. `first` is the
    id of the window's first message, None where there is no turn. `estimated` of the `tokens` were never counted by
    the API, and `cached` says how many Claude would now read at a fraction of the price. `summary` is the text
    before the window. If the pins counted as they are now, `returning` turns from before the window would come back,
    `leaving` pinned turns would go, and `crowded` pinned turns would find no room. `files` are those of all
    turns that are sent, the largest first.
    """

    model: str
    turns: int
    pinned: int
    trimmed: int
    first: int | None
    tokens: int
    estimated: int
    budget: int
    parts: tuple[Part, ...]
    cached: Cached
    summary: str
    returning: int = 0
    leaving: int = 0
    crowded: int = 0
    files: tuple[HistoryFile, ...] = ()

    @property
    def pins_wait(self) -> bool:
        """Whether the window would change if the pins counted at once."""
        return bool(self.returning or self.leaving)

    @property
    def share(self) -> float:
        """The used share of the budget; more than 1 just before a trim."""
        return self.tokens / self.budget

    @property
    def picture(self) -> str:
        """The parts as a bar of signs with a legend, for a code block."""
        return draw(self.parts, self.share)


def view(past: Past, terms: Terms, *, now_ms: int) -> ContextView:
    """Return what the next request would hold, without its new message."""
    model = terms.parameters.model
    preface = past.preface
    prefix = Prefix(prompt.prefix_key(terms.parameters.cache_key, terms.system, preface), past.window_start)
    ledger = Ledger(past.history, prefix, preface.pinned)
    rates = ledger.rates()
    tool_texts = [tool.json for tool in terms.parameters.tools]
    before = [*tool_texts, *terms.system, *([preface.summary] if preface.summary else [])]
    forecast = ledger.forecast(rates, before)
    shares = share_out(forecast, preface.pinned, past.history, past.recalled, model=model)
    summary = min(shares.other, rates.message(preface.summary)) if preface.summary else 0
    tools = min(shares.other - summary, sum(map(rates.message, tool_texts)))
    sizes = {
        "system": shares.other - summary - tools,
        "tools": tools,
        "summary": summary,
        "pinned": sum(turn.tokens for turn in shares.pinned),
        "history": sum(turn.tokens for turn in shares.turns),
    }
    total, budget = sum(sizes.values()), terms.trimming.high_tokens
    sizes["free"] = max(0, budget - total)
    would = trim(
        shares.turns,
        terms.trimming,
        Edge(past.window_start, shares.pinned),
        other_tokens=shares.other,
        pins=past.pins,
        recalled=shares.recalled,
        at_once=True,
    )
    now, then = {turn.id for turn in preface.pinned}, {turn.id for turn in would.pinned}
    seen = [turn for turn in past.history if turn.outcome not in UNSENT]
    return ContextView(
        model=model,
        turns=len(seen) + len(preface.pinned),
        pinned=len(preface.pinned),
        trimmed=past.window_start,
        # The first message may be deleted, and its id still be the id of the turn.
        first=(seen[0].members or (seen[0].id,))[0] if seen else None,
        tokens=total,
        estimated=min(total, forecast.estimated),
        budget=budget,
        parts=tuple(Part(name, tokens, tokens / budget) for name, tokens in sizes.items() if tokens),
        cached=in_cache(past.history, prefix, now_ms, pinned=preface.pinned),
        summary=preface.summary,
        returning=len(then - now - {turn.id for turn in past.history}),
        leaving=len(now - then),
        crowded=would.unpinned,
        files=files_of_all((*shares.pinned, *shares.turns), rates),
    )


def draw(parts: Sequence[Part], share: float, cells: int = PICTURE_CELLS) -> str:
    """Draw the parts as a bar of `cells` signs, at least one for each part, and a legend with the tokens."""
    counts = _apportioned([part.tokens for part in parts], cells)
    line = "".join(SIGNS[part.name] * count for part, count in zip(parts, counts, strict=True))
    legend = [f"{SIGNS[part.name]} {part.name:8}{part.tokens:>9,}" for part in parts]
    return "\n".join([f"{line} {share:.0%}", *legend])


def _apportioned(sizes: Sequence[int], cells: int) -> list[int]:
    """Share out cells by size: one to each part, each further one to the part with the most tokens per cell."""
    counts = [1] * len(sizes)
    for _ in range(cells - len(sizes)):
        if sizes:
            most = max(range(len(sizes)), key=lambda at: sizes[at] / (counts[at] + 0.5))
            counts[most] += 1
    return counts
