"""Bounds of searches, and calls that wait for a permission."""

from __future__ import annotations

from typing import Any

from bot.local.simulator.claude import Reply, ToolUse
from tests.e2e.controls import labels
from tests.e2e.test_tools import card_of
from tests.e2e.tools_scene import Scene

PERMIT = ToolUse("permit", {"gate": "east"})


async def waiting(scene: Scene, question: str = "please") -> tuple[int, dict[str, Any], dict[str, Any]]:
    """A thread with a card that waits; returns it with the question and the card."""
    world = scene.world
    world.claude.say(Reply.of(PERMIT))
    world.claude.say("It waits.")
    thread, message = await scene.asked(question)
    await world.settled(thread)
    await world.until(lambda: any("Allow once" in labels(each) for each in world.said(thread)))
    return thread, message, card_of(world, thread)
