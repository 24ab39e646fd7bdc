"""What the tests of the controls have in common."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.world import World

LENGTH_LIMIT = "max_tokens"


def labels(message: dict[str, Any]) -> list[str]:
    """The labels of a message's buttons."""
    rows = message.get("components") or []
    return [str(each["label"]) for row in rows for each in row["components"]]


async def press(person: Any, place: int, message: dict[str, Any], label: str) -> Any:
    """Press a button by its label; returns the handle once the click is acknowledged."""
    rows = message["components"]
    (custom_id,) = [each["custom_id"] for row in rows for each in row["components"] if each["label"] == label]
    handle = await person.press(place, message["id"], custom_id)
    await handle.response()
    return handle


async def told(handle: Any, world: World) -> str:
    """What a person is told after a click, alone."""
    await world.until(lambda: handle.followups)
    (message,) = handle.followups
    assert message["ephemeral"]
    return str(message["content"])


async def answer(handle: Any) -> str:
    """What a command answers, to the person alone."""
    await handle.response()
    message = await handle.message()
    assert message["ephemeral"]
    return str(message["content"])


async def streaming(world: World, thread: int, text: list[str], asked: str, who: Any = None) -> Any:
    """Ask in a thread, and hold the reply after its first piece is shown; returns the gate and the message."""
    count = len(world.replies(thread))
    gate = world.claude.hold(after=1)
    world.claude.say(text)
    message = await (who or world.ann).post(thread, asked)
    await gate.reached()
    await world.until(lambda: len(world.replies(thread)) > count and labels(world.replies(thread)[-1]))
    return gate, message


async def anew(world: World, thread: int, text: str, *, at: int = -1) -> list[dict[str, Any]]:
    """Wait until a reply has come to say something, and is finished."""
    await world.until(lambda: world.replies(thread)[at]["content"] == text)
    return world.replies(thread)


def sent(world: World, number: int = -1) -> str:
    """The messages of a request, as one text."""
    return json.dumps(world.asked[number].body["messages"], ensure_ascii=False)


def roles(world: World, number: int = -1) -> list[str]:
    """The roles of a request's messages."""
    return [message["role"] for message in world.asked[number].body["messages"]]
