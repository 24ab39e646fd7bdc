"""What is played before a bot while it is hit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.local.simulator.discord.errors import ApiError
from tests.engine.bot import Bot
from tests.engine.stage import Stage, freeze, resume
from tests.files import samples

Play = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`play` is what people do; `before` happens before the bot under test is started, with `settings` besides."""

    name: str
    play: Play
    before: Play | None = None
    settings: tuple[tuple[str, str], ...] = ()


IN_MID_REPLY = "posted:after:1"
"""The first message of the reply is posted, and the store knows that message. The number of an event would not tell,
because the events of a title come before those of the text."""


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


async def _files(stage: Stage) -> None:
    """Post pictures, one of them twice, a text file, and a link to a message with a file; a trim drops the first."""
    world = stage.world
    loom = ("loom.png", "image/png", samples.picture("PNG", (60, 40)))
    reed = ("reed.png", "image/png", samples.picture("PNG", (40, 60)))
    notes = ("notes.txt", "text/plain", b"The reed has 12 dents.")
    elsewhere = await world.ben.post(world.channel(), "my notes", attachments=[notes])
    link = f"https://discord.com/channels/{world.guild.id}/{elsewhere['channel_id']}/{elsewhere['id']}"
    thread = await stage.post(None, "stream", link, [loom])
    await stage.finished(thread, 1)
    await stage.post(thread, "short", LONG, [notes, loom])
    await stage.finished(thread, 2)
    await stage.post(thread, "short", LONG, [reed])


MOST_PRESSES = 20
"""How often somebody presses before the call is given up."""

LONG = "weave " * 300
"""Two messages of this length do not fit into the window."""

SMALL_WINDOW = (("BOT_HISTORY__MAX_TOKENS", "1500"), ("BOT_CLAUDE__SYSTEM", "Be kind."))


async def _tools(stage: Stage) -> None:
    """Ask for two effects in steps of their own."""
    thread = await stage.post(None, "knocking")
    await stage.finished(thread, 1)
    await stage.until(lambda: stage.made("knock"), "it was knocked")


async def _approval(stage: Stage) -> None:
    """Allow a call that waits; whoever is asked again looks first."""
    thread = await stage.post(None, "permitted")
    await stage.until(lambda: _buttons(stage, thread), "there was a card")
    for _ in range(MOST_PRESSES):
        if stage.made("permit"):
            return
        for message, custom_id in _buttons(stage, thread):
            with contextlib.suppress(ApiError):
                await stage.world.ann.press(thread, message, custom_id)
        await stage.soon(lambda: stage.made("permit"))
    raise AssertionError("the gate was never opened")


def _buttons(stage: Stage, thread: int) -> list[tuple[str, str]]:
    """The buttons that allow a call, each with its message."""
    if thread not in stage.world.discord.world.channels:
        return []
    return [
        (message["id"], button["custom_id"])
        for message in stage.world.said(thread)
        for row in message.get("components") or ()
        for button in row["components"]
        if button.get("label") == "Allow once"
    ]


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
    first = await stage.start(POINTS_AT=IN_MID_REPLY, POINTS_DO="stop")
    await first.ready()
    await stage.post(None, "stream")
    await first.struck()
    second = await stage.start(POINTS_AT="event:before:8", POINTS_DO="kill")
    await stage.until(lambda: "edit:before:1" in second.points, "the second one was writing")
    resume(first)
    # Deltas that arrive together are one event, so that a reply may have fewer than eight: then it dies at its end.
    await stage.until(
        lambda: second.code is not None or "acknowledge:after:1" in second.points, "the second one was done"
    )
    await second.kill()
    await first.kill()


TOOLS = Scenario("tools", _tools, settings=(("BOT_TOOLS__ON", '["knock", "ring", "time_in"]'),))
APPROVAL = Scenario("approval", _approval, settings=(("BOT_TOOLS__ON", '["permit"]'),))

FILES = Scenario("files", _files, settings=SMALL_WINDOW)

SCENARIOS = (
    Scenario("two-replies", _two_replies),
    Scenario("joining", _joining),
    Scenario("shrinking", _shrinking),
    Scenario("restart-posted", _nothing, _killed_at("posted:before:1")),
    Scenario("restart-committed", _nothing, _killed_at("commit:after:1")),
    Scenario("forgotten", _nothing, _forgotten),
    Scenario("two-writers", _nothing, _two_writers),
    FILES,
    TOOLS,
    APPROVAL,
)


async def _lasting(stage: Stage) -> None:
    await stage.post(None, "lasting")


LASTING = Scenario("lasting", _lasting)
"""Longer than any lease: nothing more than in the others, but only a heartbeat gets a reply to its end."""


CUT_OFF_S = 4.5
"""By then another one has taken over, finished and settled, and the stream still runs."""


async def _cut_off(stage: Stage) -> None:
    """One bot loses the store, but neither Discord nor Claude, in mid-reply; another one finishes; the first dies."""
    first = await stage.start(POINTS_AT=IN_MID_REPLY, POINTS_DO="cut")
    await first.ready()
    second = await stage.start()
    await second.ready()
    freeze(second)  # so that the first one gets the work
    await stage.post(None, "waning")
    await first.struck()
    resume(second)
    await asyncio.sleep(CUT_OFF_S)
    await first.kill()
    await stage.until(lambda: "acknowledge:after:1" in second.points, "the second one was done")
    await second.kill()


async def roll_back_at_mark(stage: Stage, bot: Bot, snapshot: dict[str, bytes]) -> None:
    """Roll the store back while a bot is stopped before it moves a mark; then let the bot go on, and end it."""
    await bot.struck()
    await stage.roll_back(snapshot)
    reached = len(bot.points)
    resume(bot)
    await stage.until(
        lambda: any(point.startswith("mark:after") for point in bot.points[reached:]),
        "the mark was moved, or was not",
    )
    await bot.kill()


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
            bot.arm()
            await stage.post(thread, "short")
        else:
            await stage.post(thread, "short")
            await stage.finished(thread, 2)
            await stage.rest()
            bot.arm()
            await stage.world.ann.post(thread, "// not for the bot")
        await roll_back_at_mark(stage, bot, snapshot)

    return before


KEPT_APART = (
    Scenario("cut-off", _nothing, _cut_off),
    Scenario("marked-over", _nothing, _rolled_back_while_listing(answered_meanwhile=False)),
    Scenario("listed-in-vain", _nothing, _rolled_back_while_listing(answered_meanwhile=True)),
)
"""What only some safeguards make a difference to, and what they take too long for to be hit at every point."""
