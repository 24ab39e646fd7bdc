"""Where and how a bot is hit while something is played before it, and how each hit is played out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tests.engine.arena import Arena, Stage, freeze, resume
from tests.engine.bot import Bot
from tests.engine.scenarios import Scenario

FROZEN_S = 1.4
"""Past the lease: by then somebody else has taken over, and is at work."""

FROZEN_LONG_S = 5.0
"""By then somebody else has finished, and settled."""

CASE_S = 240.0
"""A case that takes longer hangs."""

REST_S = 60.0
"""Longer than anything takes to come to rest, on a busy machine too."""

BROKEN_S = 20.0
"""What is expected not to come to rest is not waited for as long."""

TIMED = {"pulse": 1, "renew": 2, "remove_work": 1, "mark": 3, "claim": 4}
"""How many calls of a step are hit that recur with the time."""


@dataclass(frozen=True, slots=True)
class Case:
    """One hit: `beside` has a second bot run already, else it is started afterwards; `long` freezes for long."""

    scenario: Scenario
    point: str
    do: str
    beside: bool = False
    long: bool = False

    def __str__(self) -> str:
        how = "beside" if self.beside else "after"
        return f"{self.scenario.name} {self.point} {self.do} {how}{' long' if self.long else ''}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case; `reached` says whether the point was, `log` what the bots had to say."""

    case: Case
    reached: bool
    breaches: Sequence[str]
    log: str


async def record(arena: Arena, scenario: Scenario) -> tuple[list[str], list[str]]:
    """Play a scenario without a hit; returns the points, in order, and what did not hold at the end."""
    async with arena.stage() as stage:
        if scenario.before is not None:
            await scenario.before(stage)
        bot = await stage.start()
        await bot.ready()
        await scenario.play(stage)
        breaches = await stage.rest()
        return [point for point in stage.points(bot) if _counts(point)], breaches


def _counts(point: str) -> bool:
    step, _, number = point.split(":")
    return int(number) <= TIMED.get(step, 100)


def cases(scenario: Scenario, points: Sequence[str]) -> list[Case]:
    """Every hit of a scenario: each point and each thing that can happen there."""
    found: list[Case] = []
    # What reaches a second bot late is as old by then as what was forgotten: old enough to look for an answer first;
    # here it is young, although its nonce is forgotten as if it were not.
    may_be_beside = scenario.name != "forgotten"
    for point in points:
        step, when, _ = point.split(":")
        ways = ["kill", "stop", "term"]
        if when == "before" and step != "event":
            ways.append("double")
        if when == "before" and step in ("send", "edit"):
            ways.append("late")
        for do in ways:
            number = len(found)
            found.append(
                Case(scenario, point, do, beside=may_be_beside and number % 2 == 0, long=number % 3 == 0)
            )
    return found


def selection(everything: Sequence[Case], every: int = 1) -> list[Case]:
    """A fixed choice: of each step and each thing that happens, one case, from another place each time."""
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in everything:
        groups.setdefault((case.point.split(":")[0], case.do), []).append(case)
    chosen = [group[number * 7 % len(group)] for number, group in enumerate(groups.values())]
    return chosen[::every]


async def run(arena: Arena, case: Case, **settings: str) -> Outcome:
    """Play a case to its end."""
    async with arena.stage(**settings) as stage:
        reached = False
        try:
            async with asyncio.timeout(CASE_S):
                reached = await _play(stage, case)
                breaches = await stage.rest(BROKEN_S if "SABOTAGE" in settings else REST_S)
        except (AssertionError, TimeoutError) as error:
            breaches = [*await stage.scene.breaches(stage.asked), str(error)]
        log = "" if not breaches else "\n".join(_tell(stage, bot) for bot in stage.bots)
        return Outcome(case, reached, breaches, log)


async def _play(stage: Stage, case: Case) -> bool:
    second = None
    if case.beside:
        second = await stage.start()
        await second.ready()
        freeze(second)  # so that the one to be hit gets the work
    if case.scenario.before is not None:
        await case.scenario.before(stage)
    first = await stage.start(POINTS_AT=case.point, POINTS_DO=case.do)
    striking = asyncio.create_task(stage.struck(first))
    starting = asyncio.create_task(first.ready())
    await asyncio.wait({striking, starting}, return_when=asyncio.FIRST_COMPLETED)
    playing = asyncio.ensure_future(case.scenario.play(stage))
    resting = asyncio.create_task(_played(stage, playing))
    try:
        await asyncio.wait({striking, resting}, return_when=asyncio.FIRST_COMPLETED)
        reached = striking.done()
        if reached:
            await _follow(stage, case, first, second)
        elif second is not None:
            resume(second)
        await playing
    finally:
        for task in (striking, starting, playing, resting):
            task.cancel()
    return reached


async def _played(stage: Stage, playing: asyncio.Future[None]) -> None:
    await asyncio.wait({playing})
    await stage.rest(within_s=15.0)


async def _follow(stage: Stage, case: Case, first: Bot, second: Bot | None) -> None:
    if case.do in ("kill", "late"):
        await first.ended()
    if second is not None:
        resume(second)
    elif case.do != "double":
        second = await stage.start()
        if case.do == "stop":
            await second.ready()
    if case.do == "stop":
        await asyncio.sleep(FROZEN_LONG_S if case.long else FROZEN_S)
        gone = len(stage.points(first))
        resume(first)
        await stage.until(
            lambda: first.code is not None or len(stage.points(first)) > gone, "the frozen one went on"
        )


def _tell(stage: Stage, bot: Bot) -> str:
    points = bot.output.with_suffix(".points")
    told = points.read_text("ascii").splitlines() if points.exists() else []
    told = [line for line in told if "pulse" not in line]
    return f"--- {bot.output.name}\n{bot.said}\n" + "\n".join(told[-60:])
