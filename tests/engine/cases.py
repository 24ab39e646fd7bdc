"""What is played before the bot while it is hit, and how each hit is played out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tests.engine.arena import Arena, Stage, freeze, resume
from tests.engine.bot import Bot

Play = Callable[[Stage], Awaitable[None]]

FROZEN_S = 1.4
"""Past the lease: by then somebody else has taken over, and is at work."""

FROZEN_LONG_S = 5.0
"""By then somebody else has finished, and settled."""

TIMED = {"pulse": 1, "renew": 2, "rest": 1, "mark": 3, "claim": 4}
"""How many calls of a step are hit that recur with the time."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`play` is what people do; `before` happens before the bot under test is started."""

    name: str
    play: Play
    before: Play | None = None


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


async def _two_replies(stage: Stage) -> None:
    thread = await stage.post(None, "stream")
    await stage.finished(thread, 1)
    await stage.post(thread, "long")


async def _joining(stage: Stage) -> None:
    thread = await stage.post(None, "slow")
    await stage.requested(1)
    await stage.opened(thread)
    await stage.post(thread, "slow")
    await stage.visible(thread, 1)
    await stage.post(thread, "short")


async def _shrinking(stage: Stage) -> None:
    thread = await stage.post(None, "shrinking")
    await stage.finished(thread, 1)
    await stage.post(thread, "shrinking")


def _killed_at(point: str) -> Play:
    async def before(stage: Stage) -> None:
        """Kill a bot at a point, and write on while none is there."""
        bot = await stage.start(POINTS_AT=point, POINTS_DO="kill")
        await bot.ready()
        thread = await stage.post(None, "stream")
        await bot.ended()
        if thread in stage.world.discord.world.channels:
            await stage.post(thread, "short")

    return before


async def _forgotten(stage: Stage) -> None:
    """Answer two messages, then have Redis forget the second and its reply."""
    bot = await stage.start()
    await bot.ready()
    thread = await stage.post(None, "short")
    await stage.finished(thread, 1)
    await stage.rest(still_s=0.2)
    snapshot = await stage.snapshot()
    await stage.post(thread, "stream")
    await stage.finished(thread, 2)
    await stage.rest(still_s=0.0)
    stage.keep(thread)
    await bot.kill()
    await stage.roll_back(snapshot)
    # As much later as nonces last, so that only the look at Discord tells that there is an answer.
    stage.world.discord.world.nonces.forget(int(stage.world.app.user_id))


async def _nothing(_: Stage) -> None:
    """Recovery is all there is to see."""


async def _two_writers(stage: Stage) -> None:
    """One bot is frozen in mid-reply and goes on while another one, which has taken over, writes; that one dies."""
    first = await stage.start(POINTS_AT="event:before:3", POINTS_DO="stop")
    await first.ready()
    await stage.post(None, "stream")
    await stage.struck(first)
    second = await stage.start(POINTS_AT="event:before:7", POINTS_DO="kill")
    await stage.until(lambda: "event:before:2" in stage.points(second), "the second one was writing")
    resume(first)
    await second.ended()
    await first.kill()


SCENARIOS = (
    Scenario("two-replies", _two_replies),
    Scenario("joining", _joining),
    Scenario("shrinking", _shrinking),
    Scenario("restart-posted", _nothing, _killed_at("send:after:1")),
    Scenario("restart-committed", _nothing, _killed_at("commit:after:1")),
    Scenario("forgotten", _nothing, _forgotten),
    Scenario("two-writers", _nothing, _two_writers),
)


async def _lasting(stage: Stage) -> None:
    await stage.post(None, "lasting")


LASTING = Scenario("lasting", _lasting)
"""Longer than any lease: nothing more than in the others, but only a heartbeat gets a reply to its end."""


CUT_OFF_S = 4.5
"""By then another one has taken over, finished and settled, and the stream still runs."""


async def _cut_off(stage: Stage) -> None:
    """One bot loses the store, but neither Discord nor Claude, in mid-reply; another one finishes; the first dies."""
    first = await stage.start(POINTS_AT="event:before:3", POINTS_DO="cut")
    await first.ready()
    second = await stage.start()
    await second.ready()
    freeze(second)  # so that the first one gets the work
    thread = await stage.post(None, "waning")
    await stage.struck(first)
    resume(second)
    await asyncio.sleep(CUT_OFF_S)
    await first.kill()
    await stage.finished(thread, 1)
    await second.kill()


def _rolled_back_while_listing(*, answered_meanwhile: bool) -> Play:
    async def before(stage: Stage) -> None:
        """Take the store back while a bot is about to move a mark.

        With the older mark, unless the message was `answered_meanwhile`: then the mark is the same, and what has
        been listed is gone. The roll-back is longer than the time that is looked through again after one.
        """
        bot = await stage.start(POINTS_AT="mark:before:armed", POINTS_DO="stop", POINTS_OVERLAP_S="0.01")
        await bot.ready()
        thread = await stage.post(None, "short")
        await stage.finished(thread, 1)
        await stage.rest()
        snapshot = await stage.snapshot()
        if answered_meanwhile:
            stage.arm(bot)
            await stage.post(thread, "short")
        else:
            await stage.post(thread, "short")
            await stage.finished(thread, 2)
            await stage.rest()
            stage.arm(bot)
            await stage.world.ann.post(thread, "// not for the bot")
        await stage.struck(bot)
        await stage.roll_back(snapshot)
        reached = len(stage.points(bot))
        resume(bot)
        await stage.until(
            lambda: any(point.startswith("mark:after") for point in stage.points(bot)[reached:]),
            "the mark was moved, or was not",
        )
        await bot.kill()

    return before


KEPT_APART = (
    Scenario("cut-off", _nothing, _cut_off),
    Scenario("marked-over", _nothing, _rolled_back_while_listing(answered_meanwhile=False)),
    Scenario("listed-in-vain", _nothing, _rolled_back_while_listing(answered_meanwhile=True)),
)
"""What only some safeguards make a difference to, and what they take too long for to be hit at every point."""


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
    for point in points:
        step, when, _ = point.split(":")
        ways = ["kill", "stop", "term"]
        if when == "before" and step != "event":
            ways.append("double")
        if when == "before" and step in ("send", "edit"):
            ways.append("late")
        for do in ways:
            number = len(found)
            found.append(Case(scenario, point, do, beside=number % 2 == 0, long=number % 3 == 0))
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
            async with asyncio.timeout(100):
                reached = await _play(stage, case)
                breaches = await stage.rest()
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
        resume(first)
        await asyncio.sleep(0.3)  # it has to find out


def _tell(stage: Stage, bot: Bot) -> str:
    points = bot.output.with_suffix(".points")
    told = points.read_text("ascii").splitlines() if points.exists() else []
    told = [line for line in told if "pulse" not in line]
    return f"--- {bot.output.name}\n{bot.said}\n" + "\n".join(told[-60:])
