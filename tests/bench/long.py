"""A conversation of 200 turns: what its input costs, against no cache and against a window that slides each turn."""

from __future__ import annotations

import itertools
import random

from tests.bench.arrivals import MINUTE
from tests.bench.talk import SYSTEM_TOKENS, WINDOW, Sizes, talk

TURNS = 200
SLIDING_MESSAGES = 25
GAPS = {"30 s": 30.0, "4 min": 4 * MINUTE, "20 min": 20 * MINUTE}
MODELS = ("claude-sonnet-5-5", "claude-haiku-5-5")
EXTENDING_GOAL = 0.97
UNCACHED_GOAL = 0.17
SLIDING_GOAL = 0.5
TIMES_MORE_GOAL = 3


def sliding(sizes: Sizes, seed: int) -> tuple[float, float]:
    """Return what the last 25 messages cost each turn, uncached, and how many tokens of history they hold.

    Its beginning changes with each turn, so that a cache would only make it dearer.
    """
    chance = random.Random(seed)
    messages: list[int] = []
    cost = held = 0.0
    for _ in range(TURNS):
        messages += [
            round(size * chance.uniform(1 - sizes.play, 1 + sizes.play)) for size in (sizes.user, sizes.reply)
        ]
        shown = messages[:-1][-SLIDING_MESSAGES:]  # the reply comes after it
        cost += SYSTEM_TOKENS + sum(shown)
        held += sum(shown)
    return cost, held / TURNS


def main() -> None:
    """Print each figure with its goal."""
    sizes = Sizes()
    print(  # noqa: T201
        f"{TURNS} turns of about {sizes.user} and {sizes.reply} tokens, window {WINDOW.low_tokens} to "
        f"{WINDOW.high_tokens} tokens, virtual time;\nbilled input in tokens at the full price, by the "
        "simulator's cache:"
    )
    for model, (name, gap_s) in itertools.product(MODELS, GAPS.items()):
        done = talk(itertools.repeat(gap_s), TURNS, model=model, sizes=sizes)
        slid, slid_holds = sliding(sizes, 0)
        holds = sum(asking.tokens for asking in done.askings) / TURNS - SYSTEM_TOKENS
        bound = "" if gap_s > 5 * MINUTE else f" (goal {UNCACHED_GOAL})"
        slid_bound = "" if gap_s > 5 * MINUTE else f" (goal {SLIDING_GOAL})"
        print(  # noqa: T201
            f"  {model}, every {name}: extending {done.extending:.3f} (goal {EXTENDING_GOAL}), billed "
            f"{done.cost:,.0f}, {done.cost / done.uncached:.3f} of the same uncached{bound}, "
            f"{done.cost / slid:.3f} of sliding{slid_bound}, holding {holds / slid_holds:.1f} times as much "
            f"(goal {TIMES_MORE_GOAL})"
        )


if __name__ == "__main__":
    main()
