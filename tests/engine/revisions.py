"""What is played before a bot that is hit while it answers anew: Regenerate, an edit before and after the end.

Whoever presses a button while no bot hears it has pressed it in vain, and an edit that nobody hears of stays unknown;
so either the old answer stands at the end or the new one, and what Claude remembers is what stands.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from bot.local.simulator.discord.errors import ApiError
from tests.engine.bot import LOOK_S
from tests.engine.scenarios import Scenario
from tests.engine.stage import Stage

PRESSED_S = 2.0
"""A bot that is alive has begun by then."""


async def press_regenerate(stage: Stage, thread: int) -> None:
    """Press the button, if it is there by some time; and wait until something has come of it, if something has."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PRESSED_S):
            while (found := _regenerate(stage, thread)) is None:  # noqa: ASYNC110 - another process puts it there
                await asyncio.sleep(LOOK_S)
    if (found := _regenerate(stage, thread)) is None:
        return
    message, custom_id = found
    before = len(stage.asked)
    with contextlib.suppress(ApiError, TimeoutError):
        await stage.world.ann.press(thread, message, custom_id)
        async with asyncio.timeout(PRESSED_S):
            while len(stage.asked) == before:  # noqa: ASYNC110 - another process asks
                await asyncio.sleep(LOOK_S)


def _regenerate(stage: Stage, thread: int) -> tuple[str, str] | None:
    for message in reversed(stage.world.replies(thread)):
        for row in message.get("components") or []:
            for button in row["components"]:
                if button["label"] in ("Regenerate", "Try again"):
                    return str(message["id"]), str(button["custom_id"])
    return None


async def _again(stage: Stage) -> None:
    thread = await stage.post(None, "shrinking")
    await stage.finished(thread, 1)
    await press_regenerate(stage, thread)


async def _again_twice(stage: Stage) -> None:
    thread = await stage.post(None, "stream")
    await stage.finished(thread, 1)
    await press_regenerate(stage, thread)
    await stage.finished(thread, 1)
    await press_regenerate(stage, thread)
    await stage.post(thread, "short")


async def _edit(stage: Stage, thread: int, more: str) -> None:
    said = stage.scene.said[-1]
    place: Any = stage.world.discord.world.messages[said.message].channel_id
    stage.scene.edited = True
    text = f"{said.words} {more}" if place == thread else f"{stage.world.mention} {said.words} {more}"
    await stage.world.ann.edit(place, said.message, text)


async def _edited(stage: Stage) -> None:
    thread = await stage.post(None, "stream")
    await stage.visible(thread, 1)
    await _edit(stage, thread, "please")
    await stage.finished(thread, 1)
    await _edit(stage, thread, "thank you")


AGAIN = (
    Scenario("again", _again),
    Scenario("again-twice", _again_twice),
    Scenario("edited", _edited),
)
