"""/chat where the answer of Discord is lost: one thread, and who asked is shown the way to it."""

from __future__ import annotations

import pytest

from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("action", ["reset", "reset_after"])
async def test_a_thread_whose_start_is_not_answered_is_started_once(
    world: World, action: str, private: bool
) -> None:
    channel = world.channel()
    # One that stands there already under the same name is another one.
    before = await world.ann.command(channel, "chat", {"private": private})
    await before.message()
    fault = world.discord.faults.add(
        action=action,  # type: ignore[arg-type]
        method="POST",
        route=f"^/channels/{channel}/threads$",
    )
    handle = await world.ann.command(channel, "chat", {"private": private})
    content = (await handle.message())["content"]
    assert fault.struck == 1
    threads = [each.id for each in world.discord.world.channels.values() if each.parent_id == channel]
    assert len(threads) == 2
    assert content == f"Here it is: <#{max(threads)}>"
    assert len(world.said(max(threads))) == 1
