"""Replies whose calls are lost on the way, and threads that are closed while one is written."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from bot.conversation import wording
from tests.e2e.test_failures import ends_with
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

SENTENCE = "A call that is lost is made again and shows once. "
LONG = SENTENCE * 90
"""Three messages."""

LOSSES: dict[str, dict[str, object]] = {
    "500": {"action": "status", "status": 500},
    "502": {"action": "status", "status": 502},
    "503": {"action": "status", "status": 503},
    "reset": {"action": "reset"},
    "reset after it was stored": {"action": "reset_after"},
    "429 of the channel": {"action": "ratelimit", "retry_after_s": 0.5, "scope": "shared"},
    "429 of the bot": {"action": "ratelimit", "retry_after_s": 0.5, "scope": "global"},
}


async def write_through(
    world: World, person: Any, thread: int, name: str, loss: dict[str, object], method: str
) -> None:
    """Have a long reply written whose second, third and fifth call of a sort are lost."""
    route = rf"^/channels/{thread}/messages" + ("$" if method == "POST" else "/")
    faults = [
        world.discord.faults.add(method=method, route=route, after=after, **loss)  # type: ignore[arg-type]
        for after in (1, 1, 2)
    ]
    words = re.findall(r"\S+ ", LONG)
    deltas = ["".join(words[at : at + 5]) for at in range(0, len(words), 5)]
    world.claude.say_when(ends_with(f"question <{name}>"), deltas, pause=0.02)
    await world.settled(await person.post(thread, f"question <{name}>"), 60.0)
    # How many edits a reply takes depends on the pace; the first two losses hit whatever it is.
    assert [fault.struck for fault in faults][:2] == [1, 1], name


async def test_lost_calls_are_made_again_and_show_once(world: World) -> None:
    cases = {f"{method} {loss}": (method, loss) for method in ("POST", "PATCH") for loss in LOSSES}
    people = {name: world.person("p") for name in cases}
    threads = dict(
        zip(
            cases,
            await asyncio.gather(*(world.converse(world.channel(), "hello", people[name]) for name in cases)),
            strict=True,
        )
    )
    await asyncio.gather(
        *(
            write_through(world, people[name], threads[name], name, LOSSES[loss], method)
            for name, (method, loss) in cases.items()
        )
    )
    for name, thread in threads.items():
        replies = [m["content"] for m in world.replies(thread)[1:]]
        assert " ".join(replies) == LONG.strip(), name
        assert len(replies) == 3, name


async def closing(world: World, rest: str, how: dict[str, bool]) -> tuple[int, int, str]:
    """Close a thread while a reply is written; the channel, the thread, and the notice."""
    channel = world.channel()
    world.claude.say("Hello.")
    thread = await world.converse(channel, "hello")
    gate = world.claude.hold(after=1)
    world.claude.say(["One. ", rest])
    await world.ann.post(thread, "count")
    await gate.reached()
    await world.until(lambda: len(world.replies(thread)) == 2)
    await world.admin.edit_thread(thread, **how)
    gate.release()
    await world.bots[0].logged("permission_missing", conversation=thread)
    await world.noticed(channel)
    return channel, thread, str(world.said(channel)[-1]["content"])


@pytest.mark.parametrize(
    ("rest", "how"),
    [
        (LONG, {"locked": True}),
        (LONG, {"locked": True, "archived": True}),
        ("Two.", {"locked": True, "archived": True}),
    ],
    ids=["locked", "locked and archived", "locked and archived before the last edit"],
)
async def test_a_thread_locked_in_mid_reply_is_told_of_in_its_channel(
    world: World, rest: str, how: dict[str, bool]
) -> None:
    channel, thread, notice = await closing(world, rest, how)
    said = wording.missing_permission("Manage Threads", where=f"in <#{thread}>")
    assert notice == wording.small(said)
    assert len(world.said(channel)) == 1


async def test_a_reply_that_fits_its_message_is_finished_although_the_thread_is_locked(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate = world.claude.hold(after=1)
    world.claude.say(["One ", "two."])
    asked = await world.ann.post(thread, "count")
    await gate.reached()
    await world.until(lambda: len(world.replies(thread)) == 2)
    await world.admin.edit_thread(thread, locked=True)
    gate.release()
    await world.settled(asked)
    assert world.replies(thread)[-1]["content"] == "One two."


async def test_a_message_of_a_long_reply_deleted_in_mid_stream_ends_the_turn_quietly(world: World) -> None:
    channel = world.channel()
    world.claude.say("Hello.")
    thread = await world.converse(channel, "hello")
    gate = world.claude.hold(after=2)
    world.claude.say([SENTENCE, LONG, "And so on."])
    await world.ann.post(thread, "count")
    await gate.reached()
    await world.until(lambda: len(world.replies(thread)) == 4)
    await world.admin.delete(thread, world.replies(thread)[-1]["id"])
    gate.release()
    await world.bots[0].logged("turn_cancelled", conversation=thread)
    assert len(world.said(thread)) == 3
    assert world.said(channel) == []
