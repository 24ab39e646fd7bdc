"""What goes over the wire in a lively session, held against Discord's rules and its official document."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.local.simulator.claude import faults
from bot.local.simulator.claude.rules import check_rules, resolve
from bot.local.simulator.claude.shape import check_shape
from tests.e2e.world import World
from tests.local.simulator import openapi

pytestmark = pytest.mark.asyncio(loop_scope="session")

THREADS = 8


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lively(shared: World) -> AsyncIterator[World]:
    """A world in which everything has happened once: threads, long and failing replies, commands."""
    shared.begin()
    async with shared.apart() as own:
        await asyncio.gather(*(_talk(own, number) for number in range(THREADS)))
        thread = await own.converse(own.channel(), "hello")
        for command in ("system show", "system set", "system clear", "reset"):
            await (await own.ann.command(thread, command)).response()
        await (await own.ann.command(own.channel(), "chat", {"message": "hi", "private": True})).message()
        yield own


async def _talk(world: World, number: int) -> None:
    def mine(body: Any) -> bool:
        return f"<{number}>" in str(body["messages"][-1])

    text = f"Hey @everyone and <@{world.ben.id}>! " + "So it goes. " * (60 * number)
    # The first one takes its time, so that there is something to be seen of the typing.
    pause_s = 0.15 if number else 2.5
    world.claude.say_when(mine, [text[at : at + 300] for at in range(0, len(text), 300)], pause=pause_s)
    if number == THREADS - 1:
        world.claude.faults.add(faults.dropped(2), when=mine)
    asked = await world.person("p").post(world.channel(), f"{world.mention} talk <{number}>")
    await world.settled(asked)


async def test_every_call_is_valid_by_discords_own_document(lively: World) -> None:
    openapi.check_requests(lively.calls())


async def test_no_call_is_refused_for_its_pace(lively: World) -> None:
    assert [call.path for call in lively.calls() if call.status == 429] == []


async def test_security_no_post_and_no_edit_can_ping_anybody(lively: World) -> None:
    written = [call for call in lively.calls() if call.method in ("POST", "PATCH") and _holds_text(call)]
    assert len(written) > THREADS
    for call in written:
        allowed = call.body["allowed_mentions"]
        assert allowed["parse"] == []
        assert not allowed.get("users")
        assert not allowed.get("roles")
        assert not allowed.get("replied_user")


async def test_the_bot_types_before_its_first_text_and_never_after_it(lively: World) -> None:
    kinds: dict[int, list[str]] = {}
    for call in lively.calls():
        parts = call.path.split("/")
        if call.method == "POST" and parts[1] == "channels" and parts[-1] in ("typing", "messages"):
            kinds.setdefault(int(parts[2]), []).append(parts[-1])
    parents = {
        place: int(lively.discord.thread(place)["parent_id"])
        for place in kinds
        if str(lively.discord.thread(place)["name"]).startswith("talk")
    }
    # The bot types in the channel while the thread waits for its title, and in the thread from then on.
    talks = [[*kinds.get(parents[place], []), *kinds[place]] for place in parents]
    assert len(talks) == THREADS
    # Typing is left out where a call that shows something waits; so not every one of many at once is typed for.
    assert any(each[0] == "typing" for each in talks)
    assert not any("typing" in each[each.index("messages") :] for each in talks)


async def test_every_request_to_claude_is_valid(lively: World) -> None:
    for call in lively.asked:
        model = resolve(call.body)
        assert check_shape(call.body, counting=False, sampling=False) is None
        assert not isinstance(model, Exception)
        assert check_rules(call.body, model) is None


def _holds_text(call: Any) -> bool:
    return call.path.startswith("/channels/") and isinstance(call.body, dict) and "content" in call.body
