"""What the very first request of a conversation should write to the cache, when nobody knows the gap after it.

Each choice is right for some gaps and wrong for others. The least of the worst cases bounds every rule that does not
know the gap. All other requests are chosen by the rule of `lifetime`, which adds next to nothing to the optimum.
"""

from __future__ import annotations

import random
from typing import Literal

from bot.conversation.lifetime import Choice
from tests.bench.arrivals import STEADY
from tests.bench.caching import FIRST_PROMPT_SEEDS, FIRST_PROMPTS, MODELS, STEADY_GOAL, TURNS
from tests.bench.ideal import least_cost
from tests.bench.talk import Sizes, known, rates_of, talk

First = Literal["none", "5m", "1h"]
CHOICES: tuple[First, ...] = ("none", "5m", "1h")
GAPS = {"short": "every 2 min", "middling": "every 20 min", "long": "every 2 h"}


def ratio(model: str, first_prompt: int, gap: str, first: First) -> float:
    """Return what a conversation with such gaps and such a first write costs in parts of the optimum's cost."""
    cost = best = 0.0
    choice = Choice(None) if first == "none" else Choice(first)
    for seed in range(FIRST_PROMPT_SEEDS):
        gaps = STEADY[GAPS[gap]](random.Random(seed))
        sizes = Sizes.beginning_with(first_prompt)
        done = talk(gaps, TURNS, model=model, seed=seed, sizes=sizes, first=choice)
        cost += done.cost
        best += least_cost(done.askings, rates_of(model), known(model).min_cacheable_tokens)
    return cost / best


def main() -> None:
    """Print each choice's ratio for each kind of gap, and the bound."""
    for model in MODELS:
        print(f"{model}, {TURNS} turns, {FIRST_PROMPT_SEEDS} seeds (goal {STEADY_GOAL:.2f}):")  # noqa: T201
        for first_prompt in FIRST_PROMPTS:
            worst: dict[First, float] = {}
            cells = []
            for first in CHOICES:
                found = {gap: ratio(model, first_prompt, gap, first) for gap in GAPS}
                worst[first] = max(found.values())
                cells.append(f"{first} " + " / ".join(f"{value:.3f}" for value in found.values()))
            bound = min(worst.values())
            missed = "" if bound <= STEADY_GOAL else "  no choice reaches the goal"
            print(  # noqa: T201
                f"  {first_prompt:6,} {' / '.join(GAPS)}: {', '.join(cells)}; bound {bound:.3f}{missed}",
                flush=True,
            )


if __name__ == "__main__":
    main()
