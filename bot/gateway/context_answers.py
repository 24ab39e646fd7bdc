"""What /context answers."""

from __future__ import annotations

from bot.conversation.context import View, cells
from bot.conversation.pricing import dollars

CELLS = 20
"""Squares of the picture: as many as fit into one line on a phone."""

SQUARES = ("🟦", "🟪", "🟨", "🟩", "⬜")
"""Of the shares, in their order: system prompt, summary, pinned, history, room left."""

SUMMARY_CHARS = 1000
"""So much of the summary is shown: an answer may hold 2000 characters in all."""


def shown(view: View, *, link: str | None, cost_micro_usd: int, unpriced: int) -> str:
    """Show what Claude sees; `link` leads to the message with which that begins."""
    picture = "".join(
        square * count for square, count in zip(SQUARES, cells(view.shares, CELLS), strict=True)
    )
    legend = " · ".join(
        f"{square} {share.name} {share.tokens:,}"
        for square, share in zip(SQUARES, view.shares, strict=True)
        if share.tokens
    )
    lines = [f"**What Claude sees here** ({view.model})", picture, legend, _sizes(view), _edge(view, link)]
    lines += [_cache(view), _cost(cost_micro_usd, unpriced)]
    if view.summary:
        text = view.summary.replace("```", "`\u200b``")
        more = "…" if len(text) > SUMMARY_CHARS else ""
        lines.append(f"The summary of what came before:\n```text\n{text[:SUMMARY_CHARS]}{more}\n```")
    return "\n".join(lines)


def _sizes(view: View) -> str:
    share = 100 * view.used / max(1, view.budget)
    words = f"{view.used:,} of {view.budget:,} tokens ({share:.0f} percent)"
    return f"{words}, of which {view.estimated:,} are estimated." if view.estimated else f"{words}."


def _edge(view: View, link: str | None) -> str:
    if view.first is None and not view.trimmed:
        return "Nothing has been said yet."
    turns = _count(view.turns, "turn")
    if not view.trimmed:
        return f"It is the whole conversation: {turns}."
    begins = f", beginning [here]({link})" if link else ""
    pinned = (
        f" {_count(view.pinned, 'pinned turn')} from before that {_are(view.pinned)} kept."
        if view.pinned
        else ""
    )
    how = "known by its summary alone" if view.summary else "not seen any more"
    gone = f"{_count(view.trimmed, 'turn')} {_are(view.trimmed)} {how}"
    return f"It is the latest {turns}{begins}.{pinned} Of what came before, {gone}."


def _cache(view: View) -> str:
    if not view.caches:
        return "Cache: off."
    if not view.cached:
        return "Cache: cold. The next message pays the full price for all of it."
    return f"Cache: warm. The next message reads {view.cached:,} tokens at a fraction of the price."


def _cost(micro_usd: int, unpriced: int) -> str:
    more = f" and {_count(unpriced, 'request')} of which the cost is not known" if unpriced else ""
    return f"Cost so far: {dollars(micro_usd)}{more}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
