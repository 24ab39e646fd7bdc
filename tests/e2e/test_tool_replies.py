"""How replies with calls of tools end: pauses, limits of length and of steps, budgets."""

from __future__ import annotations

import signal

import pytest

from bot.conversation import reply_wording
from bot.local.simulator.claude import Reply, ToolUse
from bot.local.simulator.claude.steps import Page, Raw, ServerToolUse
from tests.e2e.controls import press
from tests.e2e.tools_scene import RING, Scene, consulted, scene

pytestmark = pytest.mark.asyncio(loop_scope="session")

__all__ = ["scene"]


KNOCK = ToolUse("knock", {"door": "north"})


async def test_a_reply_that_pauses_in_between_goes_on_to_its_end(scene: Scene) -> None:
    world = scene.world
    await scene.start(BOT_TOOLS__ON='["ring", "web_search"]')
    looking = ServerToolUse(
        "web_search", {"query": "bells"}, pages=(Page("https://e.org/", "Bells"),), later=True
    )
    world.claude.say(Reply.of("One moment.", looking))
    world.claude.say(Reply.of("I ring.", RING))
    world.claude.say("I have rung.")
    thread, _ = await scene.asked()
    await world.settled(thread)
    (reply,) = world.replies(thread)
    # The text between calls comes as thinking, as the newest models have it.
    assert reply["content"].startswith("One moment.")
    assert "I have rung." in reply["content"]
    assert scene.made() == ["ring"]


async def test_a_call_that_the_length_limit_cuts_is_not_made(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    world.claude.say(Reply.of("I knock.", KNOCK))
    cut = ToolUse("ring", partial_json='{"bell": "sou')
    world.claude.say(Reply.of("I ring.", cut, stop_reason="max_tokens"))
    thread, _ = await scene.asked()
    await world.settled(thread)
    assert scene.made() == ["knock"]
    (reply,) = world.replies(thread)
    assert reply["content"] == "I knock."
    world.claude.say(" And so on.")
    await press(world.ann, thread, reply, "Continue")
    await scene.shows(thread, "And so on.")
    await world.settled(await world.ann.post(thread, "thanks"))
    assert consulted(world) == "knock: done"
    assert scene.made() == ["knock"]


async def test_of_a_reply_that_is_declined_behind_an_effect_claude_still_knows_the_effect(
    scene: Scene,
) -> None:
    world = scene.world
    await scene.start()
    world.claude.say(Reply.of("I ring.", RING))
    world.claude.say(Reply(("No.",), stop_reason="refusal"))
    thread, _ = await scene.asked()
    await world.settled(thread)
    assert reply_wording.REFUSED in str(world.said(thread))
    await world.settled(await world.ann.post(thread, "and?"))
    assert consulted(world) == "ring: done"


async def test_a_block_of_an_unknown_type_is_sent_again_as_it_came(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    block = {"type": "a_block_of_tomorrow", "of": ["anything", 1]}
    world.claude.say(Reply.of("I ring.", Raw(block), RING))
    world.claude.say("I have rung.")
    thread, _ = await scene.asked()
    await world.settled(thread)
    assert scene.made() == ["ring"]
    assert block in world.asked[-1].body["messages"][1]["content"]


async def test_a_reply_that_is_asked_for_anew_makes_its_own_steps(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    for text in ("I have knocked.", "I have knocked again."):
        world.claude.say(Reply.of(KNOCK))
        world.claude.say(text)
    thread, _ = await scene.asked()
    await world.settled(thread)
    await press(world.ann, thread, world.replies(thread)[-1], "Regenerate")
    await scene.shows(thread, "I have knocked again.")
    await world.settled(thread)
    assert scene.made() == ["knock", "knock"]
    await world.settled(await world.ann.post(thread, "thanks"))
    assert consulted(world) == "knock: done"


async def test_at_the_limit_of_steps_claude_is_told_and_answers(scene: Scene) -> None:
    world = scene.world
    await scene.start(BOT_TOOLS__MAX_STEPS="1")
    world.claude.say(Reply.of(KNOCK))
    world.claude.say(Reply.of(RING))
    world.claude.say("That is all.")
    thread, _ = await scene.asked()
    await world.settled(thread)
    assert world.replies(thread)[-1]["content"] == "That is all."
    assert scene.made() == ["knock"]


async def test_a_reply_that_only_calls_tools_ends_at_the_limit_with_a_line(scene: Scene) -> None:
    world = scene.world
    await scene.start(BOT_TOOLS__MAX_STEPS="1")
    for _ in range(10):
        world.claude.say(Reply.of(KNOCK))
    thread, _ = await scene.asked()
    await world.settled(thread)
    assert reply_wording.TOO_MANY_STEPS in str(world.said(thread))
    assert scene.made() == ["knock"]
    assert len(world.asked) <= 4
    world.claude._script.clear()


async def test_a_budget_that_is_full_at_a_step_ends_the_reply_there(scene: Scene) -> None:
    world = scene.world
    await scene.start(BOT_BUDGETS__BOT="11000 tokens per month", BOT_CLAUDE__MAX_TOKENS="4000")
    world.claude.say(Reply.of("I ring. " + "And say more. " * 400, RING))
    world.claude.say(Reply.of("I knock. " + "And say more. " * 400, KNOCK))
    world.claude.say("Never, if the limit holds.")
    thread, _ = await scene.asked()
    await world.settled(thread)
    assert "ring" in scene.made()
    assert len(scene.made()) == len(set(scene.made()))
    assert "used up my tokens" in str(world.said(thread))
    assert await scene.steps_are_gone(thread)


async def test_what_was_done_before_a_budget_was_full_is_told_with_the_next_message(scene: Scene) -> None:
    world = scene.world
    bot = await scene.start(BOT_BUDGETS__BOT="500 tokens per month")
    world.claude.say(Reply.of(RING))
    thread, _ = await scene.asked()
    await world.settled(thread)
    assert len(world.asked) == 1
    assert scene.made() == ["ring"]
    assert "used up my tokens" in str(world.said(thread))
    bot.signal(signal.SIGTERM)
    await bot.ended()
    await scene.start()
    await world.settled(await world.ann.post(thread, "and?"))
    assert consulted(world) == "ring: done"
