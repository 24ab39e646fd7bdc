"""What happens while a turn calls tools: stops, edits, deletions, further messages, limits and failures.

The tools are those of tests/engine/tools.py: each posts in a channel, so that everybody sees how often it is made.
"""

from __future__ import annotations

import asyncio

import pytest

from bot.local.simulator.claude import Gate, Reply, ToolUse
from tests.e2e.controls import labels, press, sent
from tests.e2e.discord_tools_scene import talking
from tests.e2e.forgetting_scene import forget, holding
from tests.e2e.stored import stored
from tests.e2e.tools_scene import RING, Scene, consulted, scene
from tests.e2e.world import ANSWER_S, LOOK_S
from tests.patience import Patience

__all__ = ["scene"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOKYO = ToolUse("time_in", {"zone": "Asia/Tokyo"})


async def test_a_stop_while_an_effect_is_under_way_neither_loses_nor_repeats_it(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    world.claude.say(Reply.of("I ring.", RING))
    scene.slow()
    thread, _ = await scene.asked()
    await scene.rings()
    await scene.shows(thread, "I ring.")
    (reply,) = world.replies(thread)
    await press(world.ann, thread, reply, "Stop")
    await world.settled(thread)
    assert scene.made() == ["ring"]
    assert [each["content"] for each in world.replies(thread)] == ["I ring."]
    assert len(world.asked) == 1
    assert await scene.steps_are_gone(thread)
    await world.settled(await world.ann.post(thread, "and?"))
    assert consulted(world) == "ring: done"
    assert scene.made() == ["ring"]


async def test_a_stop_while_a_tool_only_reads_ends_the_turn_at_once(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    gate = Gate(None, None)
    world.claude.say(Reply.of("I look.", TOKYO))
    world.claude.say(Reply.of(gate, "Never."))
    thread, _ = await scene.asked()
    await gate.reached()
    await scene.shows(thread, "I look.")
    await press(world.ann, thread, world.replies(thread)[0], "Stop")
    await world.settled(thread)
    gate.release()
    assert world.replies(thread)[0]["content"] == "I look."


async def test_a_message_that_comes_while_tools_run_is_answered_by_a_turn_of_its_own(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    world.claude.say(Reply.of("I ring.", RING))
    scene.slow()
    thread, _ = await scene.asked()
    await scene.rings()
    world.claude.say("I have rung.")
    world.claude.say("Yes.")
    later = await world.ben.post(thread, "did you?")
    await world.settled(later)
    assert [each["content"] for each in world.replies(thread)] == ["I ring.\n\nI have rung.", "Yes."]
    assert scene.made() == ["ring"]
    assert consulted(world) == "ring: done"


async def test_a_message_that_comes_before_any_text_does_not_restart_a_turn_whose_tools_have_begun(
    scene: Scene,
) -> None:
    world = scene.world
    await scene.start()
    thread = await talking(world)
    world.claude.say(Reply.of(RING))
    scene.slow()
    await world.ann.post(thread, "please")
    await scene.rings()
    world.claude.say("I have rung.")
    world.claude.say("Yes.")
    later = await world.ben.post(thread, "did you?")
    await world.settled(later)
    assert scene.made() == ["ring"]
    assert [each["content"] for each in world.replies(thread)][1:] == ["I have rung.", "Yes."]
    assert consulted(world) == "ring: done"


async def test_in_the_interrupt_mode_a_message_lets_the_effect_end_and_cuts_the_reply(scene: Scene) -> None:
    world = scene.world
    await scene.start(BOT_REPLY__WHILE_ANSWERING="interrupt")
    world.claude.say(Reply.of("I ring.", RING))
    scene.slow()
    thread, _ = await scene.asked()
    await scene.rings()
    world.claude.say("As you like.")
    await world.settled(await world.ben.post(thread, "never mind"))
    assert [each["content"] for each in world.replies(thread)] == ["I ring.", "As you like."]
    assert scene.made() == ["ring"]
    assert consulted(world) == "ring: done"


async def test_a_question_that_is_deleted_meanwhile_leaves_no_effect_twice_and_no_steps(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    thread = await world.converse(world.channel(), "hello")
    await world.settled(thread)
    world.claude.say(Reply.of("I ring.", RING))
    scene.slow()
    question = await world.ann.post(thread, "please")
    await scene.rings()
    world.claude.say("I have rung.")
    await world.ann.delete(thread, question["id"])
    await world.until(lambda: scene.made() == ["ring"])
    world.claude.say("Hello again.")
    await world.settled(await world.ann.post(thread, "hello?"))
    assert scene.made() == ["ring"]
    assert await scene.steps_are_gone(thread)


async def test_a_reset_meanwhile_ends_the_turn_and_an_effect_stays_one(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    thread = await world.converse(world.channel(), "hello")
    await world.settled(thread)
    world.claude.say(Reply.of("I ring.", RING))
    scene.slow()
    await world.ann.post(thread, "please")
    await scene.rings()
    handle = await world.admin.command(thread, "reset")
    await handle.response()
    question = await handle.message()
    await press(world.admin, thread, question, labels(question)[0])
    world.claude.say("Hello.")
    await world.settled(await world.ann.post(thread, "anew"))
    assert scene.made() in ([], ["ring"])  # a turn that was reset is broken off
    assert "consulted" not in sent(world)
    assert await scene.steps_are_gone(thread)


async def test_a_card_whose_question_is_deleted_goes_and_a_press_makes_no_call(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    thread = await world.converse(world.channel(), "hello")
    await world.settled(thread)
    world.claude.say(Reply.of(ToolUse("permit", {"gate": "east"})))
    world.claude.say("It waits.")
    question = await world.ann.post(thread, "please")
    await world.settled(question)
    await world.until(lambda: any("Allow once" in labels(each) for each in world.said(thread)))
    await world.ann.delete(thread, question["id"])
    await world.until(lambda: not any("Allow once" in labels(each) for each in world.said(thread)))
    assert scene.made() == []


async def test_security_what_tools_were_called_with_is_forgotten_with_the_person(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    words = {"argument": "canaryargument", "running": "canaryrunning", "message": "canarymessage"}
    world.claude.say(Reply.of(ToolUse("permit", {"gate": words["argument"]})))
    world.claude.say("It waits.")
    thread, _ = await scene.asked(words["message"])
    await world.settled(thread)
    assert any("argument" in kinds for kinds in holding(await stored(world), words).values())
    gate = Gate(None, None)
    world.claude.say(Reply.of(ToolUse("knock", {"door": words["running"]})))
    world.claude.say(Reply.of(gate, "Never."))
    await world.ann.post(thread, "and now?")
    await gate.reached()
    assert any("running" in kinds for kinds in holding(await stored(world), words).values())
    await forget(world, world.ann, thread)
    gate.release()
    patience = Patience(ANSWER_S, lambda: [bot.pid for bot in world.bots])
    while (left := holding(await stored(world), words)) and not patience.is_over:  # noqa: ASYNC110 - the bot does it
        await asyncio.sleep(LOOK_S)
    assert left == {}
    log = "".join(bot.output for bot in world.bots)
    assert holding({"log": log}, words) == {}


async def test_a_press_is_answered_after_the_call_was_decided(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    world.claude.say(Reply.of(ToolUse("permit", {"gate": "east"})))
    world.claude.say("It waits.")
    thread, _ = await scene.asked()
    await world.settled(thread)
    await world.until(lambda: any("Allow once" in labels(each) for each in world.said(thread)))
    (card,) = [each for each in world.said(thread) if "Allow once" in labels(each)]
    (allow,) = [
        each["custom_id"]
        for row in card["components"]
        for each in row["components"]
        if each["label"] == "Allow once"
    ]
    handles = [await world.ann.press(thread, card["id"], allow) for _ in range(3)]
    await scene.shows(thread, "and done")
    assert scene.made() == ["permit"]
    await world.until(lambda: sum(len(handle.followups) for handle in handles) == 2)
