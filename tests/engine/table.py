"""Many runs of chaos, each a process of its own, and what came of them."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

from tests.engine.chaos import Chaos
from tests.engine.last_release import unpack
from tests.engine.outcome import Outcome
from tests.engine.schedule import schedule

ROOT = Path(__file__).resolve().parents[2]

RUN_S = 900.0
"""A run that takes longer hangs."""


async def in_a_process(seed: int, *options: str) -> Outcome:
    """Make one run in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.engine.chaos",
        *("--seed", str(seed), "--json", *options),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(RUN_S):
            out, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return Outcome(seed, 0, Counter(), (f"no end after {RUN_S:g} s",), 0, 0, RUN_S)
    if process.returncode:
        return Outcome(seed, 0, Counter(), (errors.decode(errors="replace"),), 0, 0, 0.0)
    told = json.loads(out)
    return Outcome(
        **{
            **told,
            "faults": Counter(told["faults"]),
            "deeds": Counter(told["deeds"]),
            "failures": tuple(told["failures"]),
        }
    )


async def many(
    seeds: Sequence[int],
    options: Sequence[str],
    parallel: int,
    until_s: float = float("inf"),
    told: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Make runs, so many at a time, beginning none after `until_s`."""
    waiting, outcomes = list(reversed(seeds)), []

    async def work() -> None:
        while waiting and time.monotonic() < until_s:
            outcome = await in_a_process(waiting.pop(), *options)
            outcomes.append(outcome)
            told(outcome)

    async with asyncio.TaskGroup() as group:
        for _ in range(parallel):
            group.create_task(work())
    return outcomes


def explained(outcome: Outcome) -> str:
    """What failed, where its timeline is, and how to repeat it."""
    return "\n".join(
        [
            f"seed {outcome.seed} failed; its timeline is {outcome.timeline or 'not there'}",
            *(f"  {failure}" for failure in outcome.failures[:20]),
            f"repeat it: python -m tests.engine.chaos {outcome.options or f'--seed {outcome.seed}'}",
        ]
    )


def table(outcomes: Sequence[Outcome]) -> str:
    """All figures of many runs."""
    faults: Counter[str] = Counter()
    deeds: Counter[str] = Counter()
    for outcome in outcomes:
        faults.update(outcome.faults)
        deeds.update(outcome.deeds)
    messages = sum(outcome.messages for outcome in outcomes)
    calls = sum(outcome.claude_calls for outcome in outcomes)
    turns = sum(outcome.turns for outcome in outcomes)
    failed = [outcome.seed for outcome in outcomes if outcome.failures]
    slowest = max((outcome.rest_s for outcome in outcomes), default=0.0)
    rows = [
        ("runs", len(outcomes)),
        ("failures", f"{len(failed)} {failed or ''}"),
        ("messages", messages),
        ("calls of Claude", calls),
        ("turns", turns),
        ("calls per turn", f"{calls / turns:.2f}" if turns else "-"),
        ("calls per message", f"{calls / messages:.2f}" if messages else "-"),
        ("commands", sum(outcome.commands for outcome in outcomes)),
        ("commands answered", sum(outcome.commands_answered for outcome in outcomes)),
        ("longest way to rest", f"{slowest:.0f} s"),
        *sorted(deeds.items()),
        *sorted(faults.items()),
    ]
    return "\n".join(f"{name:20} {value}" for name, value in rows)


def _plain(outcome: Outcome) -> dict[str, object]:
    return {one.name: getattr(outcome, one.name) for one in fields(outcome)}


def _line(outcome: Outcome) -> str:
    verdict = explained(outcome) if outcome.failures else "ok"
    return (
        f"seed {outcome.seed}: {outcome.messages} messages, {sum(outcome.faults.values())} faults, "
        f"{outcome.claude_calls} calls, {sum(outcome.deeds.values())} deeds, "
        f"rest after {outcome.rest_s:.0f} s: {verdict}"
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="make this one run")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long things go wrong in a run")
    parser.add_argument("--intensity", type=float, default=1.0, help="how many times as many faults as usual")
    parser.add_argument("--sabotage", default="", help="a safeguard to do without, see sabotage.py")
    parser.add_argument("--only", default="", help="the kinds of faults to draw from, see schedule.py")
    parser.add_argument("--quick", action="store_true", help="settle, and give up, in a fraction of the time")
    parser.add_argument("--mixed", action="store_true", help="every other start runs the last release")
    parser.add_argument("--seeds", type=int, default=20, help="how many runs")
    parser.add_argument("--first", type=int, default=1, help="the first of the seeds")
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no run after so many")
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if chosen.seed is not None:
        plan = schedule(chosen.seed, chosen.seconds, chosen.intensity, chosen.only, mixed=chosen.mixed)
        with tempfile.TemporaryDirectory(prefix="bobbin-release-") as directory:
            release = unpack(Path(directory)) if chosen.mixed else None
            outcome = asyncio.run(Chaos(plan, chosen.sabotage, chosen.quick, release).run())
        _say(json.dumps(_plain(outcome)) if chosen.json else _line(outcome))
        return
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    until_s = time.monotonic() + chosen.minutes * 60
    options = [
        *("--seconds", str(chosen.seconds), "--intensity", str(chosen.intensity)),
        *(("--sabotage", chosen.sabotage) if chosen.sabotage else ()),
        *(("--only", chosen.only) if chosen.only else ()),
        *(("--quick",) if chosen.quick else ()),
        *(("--mixed",) if chosen.mixed else ()),
    ]
    outcomes = asyncio.run(
        many(seeds, options, chosen.parallel, until_s, lambda outcome: _say(_line(outcome)))
    )
    _say(table(outcomes))
    sys.exit(any(outcome.failures for outcome in outcomes))
