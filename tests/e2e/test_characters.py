"""Characters that are not what they seem, from Claude and from Discord."""

from __future__ import annotations

import pytest

from tests.e2e.test_chatting import text_of
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_pair_of_surrogates_in_two_deltas_is_one_character_shown_stored_and_sent_again(
    world: World,
) -> None:
    world.claude.say(["smile \ud83d", "\ude00 bye"], pause=0.05)
    thread = await world.converse(world.channel(), "hello")
    assert [reply["content"] for reply in world.replies(thread)] == ["smile 😀 bye"]
    assert len(world.asked) == 1
    await world.ben.post(thread, "and now?")
    await world.answered(thread, 2)
    assert len(world.asked) == 2
    assert text_of(world.asked[-1].body["messages"][1]) == "smile 😀 bye"


async def test_half_of_a_pair_alone_is_replaced_wherever_it_comes_from(world: World) -> None:
    world.claude.say(["half \ud83d", " and \ude00"], pause=0.05)
    thread = await world.converse(world.channel(), "hello")
    assert [reply["content"] for reply in world.replies(thread)] == ["half \ufffd and \ufffd"]
    await world.ben.post(thread, "half a \ud83d smile")
    await world.answered(thread, 2)
    assert len(world.asked) == 2
    assert "half a \ufffd smile" in text_of(world.asked[-1].body["messages"][-1])
