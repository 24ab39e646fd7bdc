"""What happens while a turn calls tools: stops, edits, deletions, further messages, limits and failures.

The tools are those of tests/engine/tools.py: each posts in a channel, so that everybody sees how often it is made.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.conversation import wording
from bot.local.simulator.claude import Gate, Reply, ToolUse
from bot.local.simulator.claude.steps import Page, Raw, ServerToolUse
from bot.store.keys import Keys
from bot.turns.tool_call import UNKNOWN
from tests.e2e.controls import labels, press, sent
from tests.e2e.stored import redis_of, stored
from tests.e2e.test_discord_tools import talking
from tests.e2e.test_forgetting import forget, holding
from tests.e2e.test_mcp import offering, switch, wiki
from tests.e2e.test_reminders import listed, remind
from tests.e2e.test_tools import results
from tests.e2e.world import ANSWER_S, LOOK_S, World
from tests.engine import tools
from tests.patience import Patience
from tests.redis_proxy import RedisProxy
from tests.tools.mcp_process import free_port, mcp_process

pytestmark = pytest.mark.asyncio(loop_scope="session")

POINTS_BOT = "tests.engine.points_bot"
ON = {"BOT_TOOLS__ON": '["knock", "ring", "permit", "time_in"]'}
QUICK = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.2"}
RING = ToolUse("ring", {"bell": "south"})
KNOCK = ToolUse("knock", {"door": "north"})
TOKYO = ToolUse("time_in", {"zone": "Asia/Tokyo"})
SLOW_S = 2.0
"""How long an effect takes that something comes in the middle of; the limit of the tools is longer."""

LIMIT_S = "20"


class Scene:
    """A world with a channel for the effects."""

    def __init__(self, world: World, points: Path) -> None:
        self.world = world
        self.effects = world.channel()
        self.points = points

    async def start(self, **settings: str) -> Any:
        told = {tools.CHANNEL: str(self.effects), tools.LIMIT: LIMIT_S, "POINTS_LOG": str(self.points)}
        return await self.world.start_bot(module=POINTS_BOT, **{**ON, **QUICK, **told, **settings})

    async def rings(self) -> None:
        """Wait until the effect is under way."""
        await self.world.until(
            lambda: self.points.exists() and "ring:before" in self.points.read_text("ascii")
        )

    def made(self) -> list[str]:
        """The names of the tools whose effects everybody sees, each as often as it took effect."""
        found = tools.effects(self.world.discord, self.effects)
        return sorted(name.split()[0] for name in found.elements())

    def slow(self) -> None:
        """Let the next effect take its time."""
        self.world.discord.faults.add(
            action="delay", method="POST", route=f"channels/{self.effects}/messages", delay_s=SLOW_S
        )

    async def asked(self, text: str = "please") -> tuple[int, dict[str, Any]]:
        """Ask in a new thread."""
        message = await self.world.ann.post(self.world.channel(), f"{self.world.mention} {text}")
        return await self.world.thread_of(message), message

    async def shows(self, thread: int, text: str) -> None:
        await self.world.until(lambda: text in str([each["content"] for each in self.world.said(thread)]))

    async def steps_are_gone(self, thread: int) -> bool:
        async with redis_of(self.world) as redis:
            return not await redis.exists(Keys(self.world.prefix).tool_steps(thread))


@pytest.fixture
async def scene(alone: World, tmp_path: Path) -> AsyncIterator[Scene]:
    yield Scene(alone, tmp_path / "points.log")
    alone.discord.faults.clear()


def consulted(world: World) -> str:
    """What the latest request is told of earlier tools."""
    return sent(world).partition("<consulted>")[2].partition("</consulted>")[0].replace("\\n", " ").strip()


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
    assert wording.REFUSED in str(world.said(thread))
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
    assert wording.TOO_MANY_STEPS in str(world.said(thread))
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
