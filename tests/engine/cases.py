"""Where and how a bot is hit while something is played before it, and how each hit is played out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.engine.arena import Arena
from tests.engine.bot import Bot
from tests.engine.points_table import listed_points, steps
from tests.engine.scenarios import Scenario
from tests.engine.stage import Stage, freeze, resume
from tests.engine.uploads import Workspace

FROZEN_S = 1.4
"""Past the lease: by then somebody else has taken over, and is at work."""

FROZEN_LONG_S = 5.0
"""By then somebody else has finished, and settled."""

CASE_S = 240.0
"""Idle time, as all of these: a case that takes longer hangs."""

REST_S = 60.0
"""Longer than anything takes to come to rest."""

BROKEN_S = 15.0
"""What is expected not to come to rest is not waited for as long."""

ONCE = ("migration_lease",)
"""Steps that only the first bot of a world takes, so that a second one beside would leave nothing to hit."""

PLAYS = 3
"""How often a case is played until its point is reached: how many edits a reply takes depends on the time."""


@dataclass(frozen=True, slots=True)
class Case:
    """One hit: `beside` has a second bot run already, else it is started afterwards; `long` freezes for long."""

    scenario: Scenario
    point: str
    do: str
    beside: bool = False
    long: bool = False

    @property
    def step(self) -> str:
        """The step before or after which the bot is hit."""
        return self.point.split(":")[0]

    def __str__(self) -> str:
        how = "beside" if self.beside else "after"
        return f"{self.scenario.name}-{self.point}-{self.do}-{how}{'-long' if self.long else ''}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case; `reached` says whether the point was, `log` what the bots had to say.

    `taken` are the steps that the bot to be hit has taken, as `<step>:<before|after>`.
    """

    case: Case
    reached: bool
    taken: frozenset[str]
    breaches: Sequence[str]
    log: str

    def __str__(self) -> str:
        return f"{self.case}\n" + "\n".join(self.breaches) + f"\n{self.log}"


def cases(scenario: Scenario) -> list[Case]:
    """Every hit of a scenario: each listed point and each thing that can happen there."""
    found: list[Case] = []
    # What reaches a second bot late is as old by then as what was forgotten: old enough to look for an answer first;
    # here it is young, although its nonce is forgotten as if it were not.
    may_be_beside = scenario.name != "forgotten"
    for point in listed_points(scenario):
        step, when, _ = point.split(":")
        ways = ["kill", "stop", "term"]
        if when == "before" and step not in ("event", "ring", "permit"):
            ways.append("double")
        if when == "before" and step in ("send", "edit"):
            ways.append("late")
        for do in ways:
            number = len(found)
            beside = may_be_beside and step not in ONCE and number % 2 == 0
            found.append(Case(scenario, point, do, beside=beside, long=number % 3 == 0))
    return found


def selection(everything: Sequence[Case], every: int = 1) -> list[Case]:
    """A fixed choice: of each step and each thing that happens, one case, from another place each time."""
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in everything:
        groups.setdefault((case.step, case.do), []).append(case)
    chosen = [group[number * 7 % len(group)] for number, group in enumerate(groups.values())]
    return chosen[::every]


async def run_until_reached(arena: Arena, case: Case) -> Outcome:
    """Play a case until its point is reached or something does not hold."""
    for _ in range(PLAYS - 1):
        outcome = await run(arena, case)
        if outcome.reached or outcome.breaches:
            return outcome
    return await run(arena, case)


def check(outcome: Outcome) -> None:
    """Fail if something does not hold or the step is unknown; skip if a busy machine took it less often."""
    assert not outcome.breaches, str(outcome)
    if not outcome.reached:
        step = outcome.case.point.rpartition(":")[0]
        assert step in outcome.taken, f"no {step} any more: run `python -m tests.engine.points_table`"
        pytest.skip(f"{outcome.case.point} was not reached: this machine took the step less often")


async def run(arena: Arena, case: Case, **settings: str) -> Outcome:
    """Play a case to its end."""
    async with arena.stage(**dict(case.scenario.settings), **settings) as stage:
        reached, taken = False, frozenset[str]()
        stage.scene.cards_follow = case.do != "late"
        if stage.scene.workspace is not None:
            _allow_copies(stage.scene.workspace, case)
        try:
            async with stage.patience(CASE_S).limit():
                reached, taken = await _play(stage, case)
            breaches = await stage.rest(BROKEN_S if "SABOTAGE" in settings else REST_S)
        except (AssertionError, TimeoutError) as error:
            breaches = [*await stage.scene.breaches(stage.asked), str(error)]
        log = "" if not breaches else "\n".join(_tell(stage, bot) for bot in stage.bots)
        return Outcome(case, reached, taken, breaches, log)


def _allow_copies(workspace: Workspace, case: Case) -> None:
    """Allow for the uploads that no other attempt can know of."""
    step, when, _ = case.point.split(":")
    if case.do == "double" and step == "upload":
        # The API has no idempotency, and of a lost answer nothing is known but the name of the file.
        workspace.copies = workspace.orphans = 1
    if case.do == "stop" and (step, when) in (("begin_upload", "after"), ("upload", "before")):
        workspace.copies = 1  # the frozen worker has begun, and uploads when the other one has already


async def _play(stage: Stage, case: Case) -> tuple[bool, frozenset[str]]:
    second = None
    if case.beside:
        second = await stage.start()
        await second.ready()
        freeze(second)  # so that the one to be hit gets the work
    if case.scenario.before is not None:
        await case.scenario.before(stage)
    first = await stage.start(POINTS_AT=case.point, POINTS_DO=case.do)
    striking = asyncio.create_task(first.struck())
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
    return reached, frozenset(steps(first.points))


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
        gone = len(first.points)
        resume(first)
        await stage.until(
            lambda: first.code is not None or len(first.points) > gone, "the frozen one went on"
        )


def _tell(stage: Stage, bot: Bot) -> str:
    told = [point for point in bot.points if "pulse" not in point and "share_calls" not in point]
    return f"--- {bot.output.name}\n{bot.said}\n" + "\n".join(told[-60:])
