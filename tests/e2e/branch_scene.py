"""Threads that are branched off."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.test_commands import answer
from tests.e2e.world import World


async def branched(own: World, who: Any, place: int, message: Any) -> int:
    """Use the menu on a message, and return the branch's thread."""
    told = await answer(await who.context_command(place, "Branch here", int(message["id"])))
    assert told.startswith("Here it is: <#"), told
    return int(told.partition("<#")[2].rstrip(">"))


def members(own: World, thread: int) -> set[int]:
    """The people in a thread."""
    state = own.discord.world.channels[thread].thread
    return set() if state is None else set(state.members)


def prompt(call: Any) -> list[Any]:
    """The messages of a request without its cache marks."""
    messages = json.loads(json.dumps(call.body["messages"]))
    for message in messages:
        for block in message["content"]:
            block.pop("cache_control", None)
    return list(messages)
