"""What the rule of `lifetime` costs, against no cache, always 5 minutes, always an hour, and the optimum."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Sequence
from pathlib import Path

from bot.conversation.lifetime import CacheSetting, Chances
from tests.bench.arrivals import MIXED, ODDS, STEADY, Pattern, logged
from tests.bench.ideal import least_cost
from tests.bench.talk import Sizes, known, rates_of, talk

MODELS = ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-fable-5-2")
"""Cache reads at 0.1, 0.05 and 0.025 of the price."""

SETTINGS: tuple[CacheSetting, ...] = ("auto", "off", "5m", "1h")
LOGS_VARIABLE = "BOBBIN_CHAT_LOGS"
"""A folder of chat logs, see `arrivals.logged`; without one that part is left out."""

LEAST_TURNS = 5
MOST_PIECES = 60
TURNS = 300
SEEDS = 5
FIRST_PROMPTS = (800, 5_000, 12_000, 40_000)
FIRST_PROMPT_SEEDS = 3
STEADY_GOAL = 1.03
MIXED_GOAL = 1.10
NONE_GOAL = 1.05


def ratios(
    pattern: Pattern,
    model: str,
    odds: Chances | None = None,
    turns: int = TURNS,
    seeds: int = SEEDS,
    *,
    sizes: Sizes | None = None,
    settings: Sequence[CacheSetting] = SETTINGS,
) -> dict[str, float]:
    """Return what each setting costs in parts of the optimum's cost, summed over the seeds.

    "told" is what the rule costs if it is told the true odds: what the rest lacks to 1 no learning can win.
    """
    sums: dict[str, float] = {}
    best = 0.0
    for seed in range(seeds):
        for setting in settings:
            gaps = pattern(random.Random(seed))
            done = talk(gaps, turns, model=model, setting=setting, seed=seed, sizes=sizes)
            sums[setting] = sums.get(setting, 0.0) + done.cost
        if odds is not None:
            told = talk(pattern(random.Random(seed)), turns, model=model, seed=seed, chances=odds)
            sums["told"] = sums.get("told", 0.0) + told.cost
        best += least_cost(done.askings, rates_of(model), known(model).min_cacheable_tokens)
    return {setting: cost / best for setting, cost in sums.items()}


def of_logs(folder: Path, model: str, *, apart: bool) -> dict[str, float]:
    """Return the same for the gaps of chat logs: a sample of conversations of `LEAST_TURNS` or more."""
    sums: dict[str, float] = {"turns": 0.0}
    best = 0.0
    talks = [gaps for path in sorted(folder.glob("*.xml")) for gaps in logged(path, apart=apart)]
    pieces = [gaps[at : at + TURNS] for gaps in talks for at in range(0, len(gaps), TURNS)]
    long_enough = [piece for piece in pieces if len(piece) >= LEAST_TURNS - 1]
    random.Random(0).shuffle(long_enough)
    for seed, gaps in enumerate(long_enough[:MOST_PIECES]):
        sums["turns"] += len(gaps) + 1
        for setting in SETTINGS:
            gaps_s = iter([*gaps, 0.0])
            done = talk(gaps_s, len(gaps) + 1, model=model, setting=setting, seed=seed)
            sums[setting] = sums.get(setting, 0.0) + done.cost
        best += least_cost(done.askings, rates_of(model), known(model).min_cacheable_tokens)
    return {name: value if name == "turns" else value / best for name, value in sums.items()}


def _by_first_prompt(model: str) -> None:
    """Print how the rule does where the first request is long, as with a long system prompt."""
    print(f" by the tokens of the first prompt, {FIRST_PROMPT_SEEDS} seeds:")  # noqa: T201
    for first, (goal, patterns) in itertools.product(
        FIRST_PROMPTS, ((STEADY_GOAL, STEADY), (MIXED_GOAL, MIXED))
    ):
        sizes = Sizes.beginning_with(first)
        for name, pattern in patterns.items():
            found = ratios(pattern, model, seeds=FIRST_PROMPT_SEEDS, sizes=sizes, settings=("auto", "off"))
            print(f"  {first:6,} {name:28} {_verdict(found, goal)}  none {found['off']:6.2f}", flush=True)  # noqa: T201


def _verdict(found: dict[str, float], goal: float) -> str:
    missed = found["auto"] > goal or found["auto"] > NONE_GOAL * found["off"]
    return f"auto {found['auto']:.3f} (goal {goal:.2f}){'  MISSED' if missed else '':8}"


def main() -> None:
    """Print each figure with its goal."""
    print(  # noqa: T201
        f"Billed input, in parts of the clairvoyant optimum for the same windows; {TURNS} turns of about 60 and "
        f"250 tokens,\nwindow 10,000 to 20,000 tokens, {SEEDS} seeds, virtual time, cache of the simulator."
    )
    for model in MODELS:
        print(f"{model}, reads at {rates_of(model).read / rates_of(model).input:g}:")  # noqa: T201
        for goal, patterns in ((STEADY_GOAL, STEADY), (MIXED_GOAL, MIXED)):
            for name, pattern in patterns.items():
                found = ratios(pattern, model, ODDS.get(name))
                told = f"  told the odds {found['told']:.3f}" if "told" in found else ""
                print(  # noqa: T201
                    f"  {name:28} {_verdict(found, goal)}  none {found['off']:6.2f}  5m {found['5m']:6.2f}  "
                    f"1h {found['1h']:6.2f}{told}"
                )
        _by_first_prompt(model)
        if folder := os.environ.get(LOGS_VARIABLE):
            for apart in (True, False):
                found = of_logs(Path(folder), model, apart=apart)
                print(  # noqa: T201
                    f"  {'logged conversations' if apart else 'logged channels':28} auto {found['auto']:.3f} "
                    f"({found['turns']:.0f} turns)  none {found['off']:6.2f}  5m {found['5m']:6.2f}  "
                    f"1h {found['1h']:6.2f}"
                )


if __name__ == "__main__":
    main()
