"""For how long the prompt cache is to keep a request: five minutes, an hour, or not at all.

What is written to the cache costs more than what is merely read (`write_5m` is 1.25 of the price, `write_1h` 2),
what is found there next time costs a fraction of it (`read`, 0.025 to 0.1 of the price, by model). So it is a
matter of the gap that follows, which nobody knows: up to five minutes (short), up to an hour (middling), more
(long).

**The rule.** The conversation's own gaps tell how likely each kind is, the latest counting most, and those that
followed a gap of the same kind as the last one most of all. Then:

- *Cold*: little of the prompt is in the cache, so that all of it is at stake. Of the three choices the one with
  the smallest `(price - read) / settled` is taken, where `settled` is the chance that no better choice would have
  been of use: long for none, short or long for five minutes, any for an hour. It is the solution of the average
  cost equations of a cache that is either warm or cold: `g = read + long·V` while warm, and while cold
  `V + g = price + (1 - hit)·V`, with `V` the price of being cold.
- *Warm*: all but the new text is read. Writing that for five minutes is next to free. Writing it for an hour
  instead protects the *whole* prompt, since an entry holds all that stands before it; and it need not be done each
  time, because an older entry of an hour, marked in each request and so kept alive, still protects all but the
  tokens since. It is done when what has gathered since (`bare` tokens, `new` ones with each turn) makes
  `middling · V · bare · (bare + new) / (2 · new)` as large as `(write_1h - write_5m) · new`: the economic order
  quantity, in which ordering costs as much as holding.
- *Credit*: nothing is written that would, if it is never read, make all requests of the window more than 5 percent
  (and a start credit) dearer than no caching. The start credit is `START_SHARE` of the window's first prompt, at
  least `START_TOKENS`.

**What it guarantees.** Over the requests of a window, whatever the gaps:
`cost <= 1.05 * cost without a cache + start credit * input`, by the third part alone. Since no request can cost less
than `read` for each token, that makes it at most `1.05 * input / read` times the clairvoyant optimum (10.5, 21 or 42,
by model), and no more is promised. "Always an hour" has a ratio of 2 (each token is
either read by both, or paid at least once by the optimum and twice here; past an hour nobody reads), which is bought
with twice the price of no cache for one message a day. No rule that cannot see the next gap has a better ratio than
`(read*p + write_1h*n) / (read*p + write_5m*n)` for a prompt of p old and n new tokens, 1.6 where n is most of it: the
gap after a write of an hour is short, and the one after a write of five minutes is not. What the rule costs on
patterns of arrival is measured (tests/bench/caching.py): within 3 percent of the optimum on steady ones, within
10 on those with habits (a first prompt of 40,000 tokens makes it 5 percent where the gaps are middling, since its
first write is for the five minutes that most first answers are read in); where each gap is drawn by itself, and in
logs of real channels, nobody can foresee as much, and it costs about what it would if the odds were known.

A prompt with pictures shares no cached messages with one without (Anthropic, "Prompt caching"), so that the first
picture makes a prompt cold; `in_cache` knows that. Over 200 turns with ten pictures the rule costs within 3 percent
of the optimum on steady patterns, as with text alone (tests/bench/pictures.py).

That a mark on an older entry keeps that one alive is how the documentation is read here ("refreshed each time the
cached content is used"); were it wrong, an entry would end an hour after it was written, and be written again.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.conversation.content import has_picture
from bot.conversation.ledger import Prefix
from bot.conversation.pricing import Rates
from bot.conversation.request import Lifetime, PromptMessage
from bot.conversation.turn import UNSENT, Turn

CacheSetting = Literal["auto", "5m", "1h", "off"]
Chances = tuple[float, float, float]

SHORT_MS = 5 * 60 * 1000
"""How long an entry of five minutes lives, from the start of the request that wrote or last read it."""

MIDDLING_MS = 60 * 60 * 1000
"""The same of an hour."""

FIRST_GUESS = (0.9, 0.07, 0.03)
"""Short, middling, long: what is believed of a conversation's first gap. Most first answers are read at once."""

GUESS_WEIGHT = 0.3
"""Gaps that the first guess stands for: one that was seen outweighs it."""

FADE = 0.9
"""What a gap still counts after one more: what is known is mostly of the last ten. A shorter memory learns a new
habit no cheaper, since the anchors make surprises cheap, and a longer one gains nothing either (measured)."""

SAME_KIND_WEIGHT = 0.5
"""Gaps that the general picture stands for where it is known what followed gaps like the last one."""

MOST_OVER_SHARE = 0.05
"""How much dearer than no caching the requests of a window may become if nothing written is ever read."""

START_TOKENS = 4000
"""The least start credit, in input tokens: less than a cent, and without it no conversation could begin to cache."""

START_SHARE = 1.5
"""The start credit as a share of the first prompt: a write for five minutes that nothing reads costs 0.25 of the
prompt more than no cache, and the write for an hour that comes after it costs 1, on a prompt that has grown by then.
A smaller credit cannot pay both, and the hour is never reached (measured)."""


USUAL_RATES = Rates(input=1000, write_5m=1250, write_1h=2000, read=100, output=5000)
"""The prices of most models in thousandths of the input price (Anthropic, "Prompt caching"), for one that is not
known."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`newest` is the lifetime of what is written, None for no caching at all.

    `anchor` is the id of the turn whose request wrote the latest entry of an hour that is still alive: it is to be
    marked again, so that it stays so.
    """

    newest: Lifetime | None
    anchor: int | None = None


@dataclass(frozen=True, slots=True)
class Cached:
    """What of the prompt is in the cache, in tokens, as far as `usage` and the times tell.

    `warm` is the longest part, `hour` the one that was written for an hour by the request of turn `anchor`.
    """

    warm: int = 0
    hour: int = 0
    anchor: int | None = None


def choose(
    setting: CacheSetting,
    turns: Sequence[Turn],
    prefix: Prefix,
    *,
    prompt_tokens: int,
    now_ms: int,
    rates: Rates,
    chances: Chances | None = None,
    pinned: Sequence[Turn] = (),
    added: Sequence[PromptMessage] = (),
) -> Choice:
    """Choose the lifetime of a request of `prompt_tokens` that is made now; `turns` are those of its window.

    `chances` of a short, middling or long gap are taken from the turns' own gaps unless they are known. `pinned`
    turns stand before the window, and the `added` messages behind it.
    """
    if setting == "off":
        return Choice(None)
    if setting != "auto":
        return Choice(setting)
    chances = chances or _chances(_gaps(turns, now_ms))
    cached = in_cache(turns, prefix, now_ms, pinned=pinned, added=added)
    warm = min(cached.warm, prompt_tokens)
    new = max(1, prompt_tokens - warm)
    choice, cold_price = _cold(chances, rates, warm / new)
    if new < warm:
        choice = "5m"
        bare = max(new, prompt_tokens - cached.hour)
        risk = chances[1] * cold_price * bare * (bare + new) / (2 * new)
        if risk >= (rates.write_1h - rates.write_5m) * new:
            choice = "1h"
    credit = _credit(turns, prompt_tokens, rates) + MOST_OVER_SHARE * rates.input * prompt_tokens
    wanted: tuple[Lifetime, ...] = () if choice is None else ("1h", "5m") if choice == "1h" else ("5m",)
    for lifetime in wanted:
        price = rates.write_1h if lifetime == "1h" else rates.write_5m
        if new * (price - rates.input) - warm * (rates.input - rates.read) <= credit:
            return Choice(lifetime, None if lifetime == "1h" else cached.anchor)
    return Choice(None)


def in_cache(
    turns: Sequence[Turn],
    prefix: Prefix,
    now_ms: int,
    *,
    pinned: Sequence[Turn] = (),
    added: Sequence[PromptMessage] = (),
) -> Cached:
    """Tell what the cache holds of the prompt that these turns begin, between `pinned` turns and `added` messages.

    The first picture of a prompt changes how all of its messages are cached (Anthropic, "Prompt caching": adding
    images), so that a request with pictures reads nothing of one without.
    """
    warm = hour = 0
    warm_until = hour_until = 0
    anchor: int | None = None
    stale = max((turn.amended for turn in turns), default=0)
    had_pictures = _with_pictures(pinned, turns)
    has_pictures = had_pictures[-1] or any(has_picture(message.blocks) for message in added)
    for turn, before in zip(turns, had_pictures, strict=False):
        usage, at = turn.usage, turn.requested_ms
        written = usage.cache_write_5m + usage.cache_write_1h
        if stale and turn.id <= stale:
            continue
        if (before or _has_picture(turn)) != has_pictures:
            continue
        if not prefix.begins(turn) or not (written or usage.cache_read):
            continue
        if not usage.cache_read:
            warm = hour = 0
            anchor = None
        end = usage.input_total - usage.input
        left_out = turn.outcome in UNSENT
        if left_out:
            # Of what it has read, only what ends before its own message is asked for again.
            end = min(end, max(warm if at < warm_until else 0, hour if at < hour_until else 0))
        # An hour's mark must stand before one of five minutes, so the newest block had an hour only if all had.
        if usage.cache_write_1h and not usage.cache_write_5m and not left_out:
            hour, hour_until, anchor = end, at + MIDDLING_MS, turn.id
        else:
            if hour and at < hour_until:
                hour_until = at + MIDDLING_MS
            warm, warm_until = end, at + SHORT_MS
    hour = hour if now_ms < hour_until else 0
    warm = warm if now_ms < warm_until else 0
    return Cached(max(warm, hour), hour, anchor if hour else None)


def _with_pictures(pinned: Sequence[Turn], turns: Sequence[Turn]) -> list[bool]:
    """Return whether a picture stands before each of the turns, and behind the last one."""
    sent = (_has_picture(turn) and turn.outcome not in UNSENT for turn in turns)
    return list(itertools.accumulate(sent, operator.or_, initial=any(map(_has_picture, pinned))))


def _has_picture(turn: Turn) -> bool:
    return any(has_picture(message.blocks) for message in turn.sent)


def _gaps(turns: Sequence[Turn], now_ms: int) -> list[int]:
    """Return the kinds of the gaps between requests: 0 short, 1 middling, 2 long."""
    times = [*(turn.requested_ms for turn in turns), now_ms]
    return [
        0 if gap < SHORT_MS else 1 if gap < MIDDLING_MS else 2
        for gap in (after - before for before, after in itertools.pairwise(times))
    ]


def _chances(kinds: Sequence[int]) -> Chances:
    """Return how likely the next gap is short, middling, long."""
    seen = [chance * GUESS_WEIGHT for chance in FIRST_GUESS]
    after = [[0.0] * 3 for _ in range(3)]
    last: int | None = None
    for kind in kinds:
        _count(seen, kind)
        if last is not None:
            _count(after[last], kind)
        last = kind
    overall = [count / sum(seen) for count in seen]
    same = after[last] if last is not None else [0.0] * 3
    weight = sum(same) + SAME_KIND_WEIGHT
    short, middling, long = (
        (count + SAME_KIND_WEIGHT * chance) / weight for count, chance in zip(same, overall, strict=True)
    )
    return short, middling, long


def _count(counts: list[float], kind: int) -> None:
    counts[:] = [count * FADE for count in counts]
    counts[kind] += 1


def _cold(chances: Chances, rates: Rates, warm_per_new: float) -> tuple[Lifetime | None, float]:
    """Return the best choice for a cold prompt, and what a cold token costs more than a warm one."""
    short, _, long = chances
    # Without any mark, what little is warm is paid in full.
    none = rates.input + warm_per_new * (rates.input - rates.read)
    options: tuple[tuple[Lifetime | None, float, float], ...] = (
        ("5m", rates.write_5m, short + long),
        ("1h", rates.write_1h, 1.0),
        (None, none, long),
    )
    prices = {name: (price - rates.read) / max(settled, 1e-9) for name, price, settled in options}
    best = min(prices, key=lambda name: prices[name])
    return best, prices[best]


def _credit(turns: Sequence[Turn], prompt_tokens: int, rates: Rates) -> float:
    """Return how much more than so far the window's requests may cost, if nothing more is ever read."""
    first_tokens = next((turn.usage.input_total for turn in turns if turn.usage.input_total), prompt_tokens)
    credit = max(START_TOKENS, START_SHARE * first_tokens) * rates.input
    for turn in turns:
        usage = turn.usage
        uncached = usage.input_total * rates.input
        paid = (
            usage.input * rates.input
            + usage.cache_write_5m * rates.write_5m
            + usage.cache_write_1h * rates.write_1h
            + usage.cache_read * rates.read
        )
        credit += uncached * (1 + MOST_OVER_SHARE) - paid
    return credit
