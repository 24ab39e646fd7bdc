"""Crashes, a lost lease and a store that is away while tools run: each effect is made once."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from bot.local.simulator.claude import Gate, Reply, ToolUse
from bot.store.keys import Keys
from bot.turns.tool_call import UNKNOWN
from tests.e2e.discord_tools_scene import talking
from tests.e2e.mcp_scene import offering, switch, wiki
from tests.e2e.memory_scene import LOOM, remember
from tests.e2e.stored import redis_of
from tests.e2e.test_reminders import listed, remind
from tests.e2e.test_tools import results
from tests.e2e.tools_scene import RING, Scene, consulted, scene
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy
from tests.tools.mcp_process import free_port, mcp_process

pytestmark = pytest.mark.asyncio(loop_scope="session")

__all__ = ["scene"]


async def test_a_turn_whose_question_was_edited_goes_on_after_a_crash_with_one_effect(
    scene: Scene,
) -> None:
    world = scene.world
    bot = await scene.start()
    gate = Gate(None, None)
    world.claude.say(Reply.of("I ring.", RING))
    world.claude.say(Reply.of(gate, "Never shown."))
    thread, question = await scene.asked()
    await gate.reached()
    await world.ann.edit(int(question["channel_id"]), question["id"], f"{world.mention} please, twice")
    bot.signal(signal.SIGKILL)
    gate.release()
    for _ in range(3):  # the turn goes on, and is answered anew because of the edit
        world.claude.say("I have rung.")
    await scene.start()
    await scene.shows(thread, "I have rung.")
    await world.settled(thread)
    assert scene.made() == ["ring"]
    assert not any(each["content"].endswith("▌") for each in world.replies(thread))


async def test_a_store_that_is_away_while_a_tool_runs_loses_neither_the_effect_nor_the_turn(
    alone: World, tmp_path: Path
) -> None:
    async with RedisProxy.before(alone.redis_url) as proxy:
        scene, world = Scene(alone, tmp_path / "points.log"), alone
        await scene.start(REDIS_URL=proxy.url)
        world.claude.say(Reply.of("I ring.", RING))
        scene.slow()
        thread, _ = await scene.asked()
        await scene.rings()
        proxy.leave()
        await world.until(lambda: scene.made() == ["ring"])
        for _ in range(3):
            world.claude.say("I have rung, or not.")
        proxy.come_back()
        await scene.shows(thread, "I have rung, or not.")
        await world.settled(thread)
        assert scene.made() == ["ring"]


async def test_whoever_has_lost_the_lease_in_the_middle_of_a_tool_repeats_nothing(scene: Scene) -> None:
    world = scene.world
    first = await scene.start()
    world.claude.say(Reply.of("I ring.", RING))
    scene.slow()
    thread, _ = await scene.asked()
    await scene.rings()
    first.signal(signal.SIGSTOP)
    world.claude.say("I do not know whether it rang.")
    await scene.start()
    await scene.shows(thread, "whether it rang")
    first.signal(signal.SIGCONT)
    await world.settled(thread)
    await world.settled(await world.ann.post(thread, "and?"))
    assert scene.made() in ([], ["ring"])
    assert consulted(world) == "ring: unknown"


async def test_an_attempt_after_a_crash_tells_each_fact_once_and_claude_takes_its_steps(scene: Scene) -> None:
    world = scene.world
    on = {"BOT_TOOLS__ON": '["ring", "remember"]'}
    bot = await scene.start(**on)
    thread = await talking(world)
    await remember(world.ann, thread, LOOM)
    gate = Gate(None, None)
    world.claude.say(Reply.of("I ring.", RING))
    world.claude.say(Reply.of(gate, "Never shown."))
    asked = await world.ann.post(thread, "please")
    await gate.reached()
    bot.signal(signal.SIGKILL)
    gate.release()
    world.claude.say("I have rung.")
    await scene.start(**on)
    await scene.shows(thread, "I have rung.")
    await world.settled(asked)
    (*_, question, called, _) = world.asked[-1].body["messages"]
    assert str(question).count(LOOM) == 1
    assert called["content"][0]["type"] == "thinking"
    assert not [call.refusal for call in world.asked if call.refusal]


@pytest.mark.parametrize("said", [["I ring."], []], ids=["with text", "without text"])
async def test_a_turn_goes_on_after_a_crash_although_its_steps_cannot_be_sent_again(
    scene: Scene, said: list[str]
) -> None:
    world = scene.world
    bot = await scene.start()
    gate = Gate(None, None)
    world.claude.say(Reply.of(*said, RING))
    world.claude.say(Reply.of(gate, "Never shown."))
    thread, question = await scene.asked()
    await gate.reached()
    bot.signal(signal.SIGKILL)
    gate.release()
    world.claude.say(Reply.of(RING))  # the same call once more
    world.claude.say("I have rung.")
    await scene.start(BOT_CLAUDE__MODEL="claude-haiku-5-5")  # thinking of another model is refused
    await scene.shows(thread, "I have rung.")
    await world.settled(question)
    assert scene.made() == ["ring"]
    later = world.asked[2:]
    refused = [call for call in later if call.refusal]
    assert refused == later[: len(refused)]
    assert all("bound to a different model" in call.refusal for call in refused)
    told = later[len(refused)].body["messages"][-1]["content"]
    assert {block["type"] for block in told} == {"text"}
    assert "Somebody has heard it." in str(told)
    (reply,) = world.replies(thread)
    assert reply["content"] == "\n\n".join([*said, "I have rung."])
    await world.settled(await world.ann.post(thread, "and?"))
    assert consulted(world) == "ring: done"


EFFECT_MADE = {"POINTS_AT": "note_tool:before:3", "POINTS_DO": "kill"}
"""The bot is killed when an effect is made, and before its result is noted: the first note is the call, the second
one that the effect begins."""


async def test_a_reminder_whose_setting_was_cut_off_by_a_crash_is_set_once(scene: Scene) -> None:
    world = scene.world
    on = {"BOT_TOOLS__ON": '["set_reminder"]'}
    bot = await scene.start(**on, **EFFECT_MADE)
    thread = await talking(world)
    world.claude.say(Reply.of(remind("stir the pot", 600)))
    await world.ann.post(thread, "please")
    await bot.ended()
    assert await stored_reminders(world, thread) == 1
    world.claude.say("It is set.")
    await scene.start(**on)
    await scene.shows(thread, "It is set.")
    await world.settled(thread)
    (result,) = results(world.asked[-1].body)
    assert "is set for" in result["content"][0]["text"]
    assert await stored_reminders(world, thread) == 1
    assert (await listed(world.ann, thread)).count("stir the pot") == 1


async def stored_reminders(world: World, thread: int) -> int:
    async with redis_of(world) as redis:
        return int(await redis.hlen(Keys(world.prefix).reminders(thread)))


async def test_a_call_of_a_remote_tool_that_was_cut_off_by_a_crash_is_not_made_again(
    scene: Scene, tmp_path: Path
) -> None:
    world = scene.world
    port, notes = free_port(), tmp_path / "notes"
    async with mcp_process(port, NOTES=str(notes)):
        remote = offering(wiki(port))
        await switch(world, port, "wiki_note", "on")
        bot = await scene.start(**remote, **EFFECT_MADE)
        thread = await talking(world)
        world.claude.say(Reply.of(ToolUse("wiki_note", {"text": "weave"})))
        await world.ann.post(thread, "please")
        await bot.ended()
        assert await asyncio.to_thread(notes.read_text) == "weave\n"
        world.claude.say("Look whether it is there.")
        await scene.start(**remote)
        await scene.shows(thread, "Look whether")
        await world.settled(thread)
        (result,) = results(world.asked[-1].body)
        assert result["content"][0]["text"] == UNKNOWN
        assert await asyncio.to_thread(notes.read_text) == "weave\n"
        await world.settled(await world.ann.post(thread, "and?"))
        assert consulted(world) == "wiki_note: unknown"
