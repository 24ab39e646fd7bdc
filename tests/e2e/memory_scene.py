"""Facts that are remembered, by place."""

from __future__ import annotations

from typing import Any

from bot.local.simulator.claude import Reply, ToolUse
from tests.e2e.controls import answer, labels
from tests.e2e.world import World

ON = {"BOT_TOOLS__ON": '["remember", "forget_memory"]'}
LOOM = "The loom is in the attic."


def newest(world: World) -> list[str]:
    """The blocks of the newest message that Claude got."""
    return [str(block.get("text")) for block in world.asked[-1].body["messages"][-1]["content"]]


def told(world: World) -> list[str]:
    """The facts that the newest message told."""
    return [text for text in newest(world) if text.startswith('<quote of="memory"')]


async def remember(person: Any, place: int, fact: str, *, about_me: bool = False) -> str:
    """Have a fact remembered by the command."""
    handle = await person.command(place, "memory remember", {"fact": fact, "about_me": about_me})
    return await answer(handle)


async def ask(world: World, channel: int, who: Any = None, text: str = "hello") -> int:
    """Begin a thread, and return it once it is answered."""
    thread = await world.converse(channel, text, who)
    await world.settled(thread)
    return thread


async def ids(person: Any, place: int) -> dict[str, str]:
    """The facts that a person can choose to forget, by their texts."""
    offered = await person.autocomplete(place, "memory forget", {"fact": ""}, "fact")
    return {str(each["name"]): str(each["value"]) for each in offered}


def card_of(world: World, thread: int) -> dict[str, Any]:
    (card,) = [each for each in world.said(thread) if "would like to use the tool" in each["content"]]
    return card


async def propose(world: World, channel: int, fact: str, *, thread: int | None = None) -> int:
    """Have Claude propose a fact; returns the thread, in which a card waits."""
    world.claude.say(Reply.of(ToolUse("remember", {"fact": fact, "about_me": False})))
    world.claude.say("I have asked.")
    if thread is None:
        thread = await ask(world, channel, text="please remember something")
    else:
        await world.settled(await world.ann.post(thread, "please remember something"))
    place = thread
    await world.until(lambda: any(labels(each)[:1] == ["Allow once"] for each in world.said(place)))
    return thread
