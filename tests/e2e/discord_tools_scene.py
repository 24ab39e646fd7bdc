"""Tools that read and act on Discord."""

from __future__ import annotations

import json
from typing import Any

from bot.local.simulator.claude import Reply, ToolUse
from tests.e2e.test_tools import results
from tests.e2e.world import World

NAMES = ("search_messages", "read_messages", "server_facts", "member_facts", "create_poll", "add_reaction")
ON = {"BOT_TOOLS__ON": json.dumps(NAMES)}


async def call(world: World, place: int, *calls: ToolUse, who: Any = None, ends: str = "Done.") -> list[str]:
    """Have Claude make calls in a thread, and return what it is told."""
    world.claude.say(Reply.of(*calls))
    world.claude.say(ends)
    await world.settled(await (who or world.ann).post(place, "please do"))
    return [str(result["content"][0]["text"]) for result in results(world.asked[-1].body)]


async def talking(world: World, channel: int | None = None) -> int:
    thread = await world.converse(channel or world.channel(), "hello")
    await world.settled(thread)
    return thread
