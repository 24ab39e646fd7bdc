"""Tools that run here, through the whole bot: calls, results, failures, and calls that wait for a permission."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.commands.approvals import MAY_NOT_ALWAYS, MAY_NOT_DECIDE
from bot.conversation.audit import Actor
from bot.conversation.scope import Scope
from bot.local.simulator.claude import Gate, Reply, ToolUse
from bot.store.keys import Keys
from bot.store.scope_settings import ScopeSettings
from tests.e2e.controls import labels, press, told
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

ON = {"BOT_TOOLS__ON": '["time_in"]'}
TOKYO = ToolUse("time_in", {"zone": "Asia/Tokyo"})


async def choose(world: World, scope: Scope, target: int, value: str) -> None:
    """Set the tool for a scope; other instances know it at once, because turns read the settings."""
    redis: Redis = Redis.from_url(world.redis_url, decode_responses=True)
    settings = ScopeSettings(redis, Keys(world.prefix), ttl_s=1000, audit_s=1000)
    actor = Actor(world.guild.id, world.admin.id, 1)
    await settings.change(actor, scope, target, {"tool:time_in": value})
    await redis.aclose()


def results(body: Any) -> list[dict[str, Any]]:
    return [block for block in body["messages"][-1]["content"] if block["type"] == "tool_result"]


def card_of(world: World, thread: int) -> dict[str, Any]:
    (card,) = [each for each in world.said(thread) if "would like to use the tool" in each["content"]]
    return card


async def test_a_tool_is_called_and_its_result_is_in_the_same_turn_alone(alone: World) -> None:
    await alone.start_bot(**ON)
    alone.claude.say(Reply.of("I look at the clock.", TOKYO))
    alone.claude.say("It is late.")
    thread = await alone.converse(alone.channel(), "what time is it in Tokyo?")
    await alone.settled(thread)
    (reply,) = alone.said(thread)
    assert reply["content"] == "I look at the clock.\n\nIt is late."
    first, second = (call.body for call in alone.asked)
    assert [tool["name"] for tool in first["tools"]] == ["time_in"]
    question = first["messages"][0]["content"][0]["text"]
    assert second["messages"][0]["content"][0]["text"] == question
    (result,) = results(second)
    assert "(UTC+0900)" in result["content"][0]["text"]
    alone.claude.say("You are welcome.")
    await alone.settled(await alone.ann.post(thread, "thanks"))
    third = alone.asked[-1].body["messages"]
    kinds = [block["type"] for message in third for block in message["content"]]
    assert set(kinds) == {"text"}
    assert third[2]["content"][0]["text"] == "<consulted>\ntime_in: done\n</consulted>"


async def test_what_fails_is_told_to_claude_and_the_turn_goes_on(alone: World) -> None:
    await alone.start_bot(**ON)
    calls = (ToolUse("time_in", {"zone": "Atlantis"}), ToolUse("no_such_tool"))
    alone.claude.say(Reply.of(*calls, ToolUse("time_in", partial_json='{"zone": "Asia/Tok')))
    alone.claude.say("I cannot find out.")
    thread = await alone.converse(alone.channel(), "what time is it?")
    await alone.settled(thread)
    assert alone.said(thread)[0]["content"] == "I cannot find out."
    heard = [block["content"][0]["text"] for block in results(alone.asked[-1].body)]
    assert ["no time zone" in heard[0], "no tool" in heard[1], "JSON object" in heard[2]] == [True] * 3


async def test_a_turn_that_was_killed_goes_on_behind_its_last_whole_step(alone: World) -> None:
    short = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.5"}
    bot = await alone.start_bot(**ON, **short)
    gate = Gate(None, None)
    alone.claude.say(Reply.of("I look.", TOKYO))
    alone.claude.say(Reply.of(gate, "Never shown."))
    thread = await alone.thread_of(await alone.ann.post(alone.channel(), f"{alone.mention} what time is it?"))
    await gate.reached()
    bot.signal(signal.SIGKILL)
    gate.release()
    alone.claude.say("It is late.")
    await alone.start_bot(**ON, **short)
    (reply,) = await alone.answered(thread)
    assert reply["content"] == "I look.\n\nIt is late."
    first, before, again = (call.body["messages"] for call in alone.asked)
    assert len(first) == 1
    assert [message["content"] for message in again[1:]] == [message["content"] for message in before[1:]]


async def test_a_call_waits_for_a_permission_while_the_thread_goes_on(alone: World) -> None:
    bot = await alone.start_bot(**ON)
    channel = alone.channel()
    await choose(alone, Scope.CHANNEL, channel, "ask")
    alone.claude.say(Reply.of(TOKYO))
    alone.claude.say("I have asked for permission.")
    thread = await alone.converse(channel, "what time is it in Tokyo?")
    await alone.settled(thread)
    (result,) = results(alone.asked[-1].body)
    assert "has not been done yet" in result["content"][0]["text"]
    await alone.until(lambda: len(alone.said(thread)) == 2)
    card = card_of(alone, thread)
    assert labels(card) == ["Allow once", "Always here", "Refuse", "Refuse, and say why"]
    alone.claude.say("Still talking.")
    await alone.settled(await alone.ann.post(thread, "meanwhile?"))
    bot.signal(signal.SIGKILL)
    await alone.start_bot(**ON)
    assert await told(await press(alone.ben, thread, card, "Allow once"), alone) == MAY_NOT_DECIDE
    await press(alone.ann, thread, card, "Allow once")
    await alone.until(lambda: "and done" in card_of(alone, thread)["content"])
    card = card_of(alone, thread)
    assert labels(card) == []
    assert "(UTC+0900)" in card["content"]
    alone.claude.say("So it is late.")
    await alone.settled(await alone.ann.post(thread, "so?"))
    sent = json.dumps(alone.asked[-1].body["messages"][-1])
    assert 'of=\\"tool\\"' in sent
    assert "(UTC+0900)" in sent


async def test_a_call_that_is_refused_is_not_made_and_claude_is_told(alone: World) -> None:
    await alone.start_bot(**ON)
    channel = alone.channel()
    await choose(alone, Scope.CHANNEL, channel, "ask")
    alone.claude.say(Reply.of(TOKYO))
    alone.claude.say("I have asked.")
    thread = await alone.converse(channel, "what time is it in Tokyo?")
    await alone.settled(thread)
    await alone.until(lambda: len(alone.said(thread)) == 2)
    card = card_of(alone, thread)
    await press(alone.ann, thread, card, "Refuse")
    await alone.until(lambda: "Refused by" in card_of(alone, thread)["content"])
    assert labels(card_of(alone, thread)) == []
    alone.claude.say("As you like.")
    await alone.settled(await alone.ann.post(thread, "well"))
    assert 'remark=\\"refused\\"' in json.dumps(alone.asked[-1].body["messages"][-1])


async def test_always_here_is_for_those_who_may_set_the_thread_and_ends_the_asking(alone: World) -> None:
    await alone.start_bot(**ON)
    channel = alone.channel()
    await choose(alone, Scope.CHANNEL, channel, "ask")
    alone.claude.say(Reply.of(TOKYO))
    alone.claude.say("I have asked.")
    thread = await alone.converse(channel, "what time is it in Tokyo?")
    await alone.settled(thread)
    alone.claude.say(Reply.of(TOKYO))
    alone.claude.say("Asked again.")
    await alone.settled(await alone.ben.post(thread, "for me too"))
    await alone.until(lambda: len(alone.said(thread)) == 4)
    mine, bens = [each for each in alone.said(thread) if labels(each)[:1] == ["Allow once"]]
    assert await told(await press(alone.ben, thread, bens, "Always here"), alone) == MAY_NOT_ALWAYS
    await press(alone.ann, thread, mine, "Always here")
    await alone.until(lambda: "and done" in str(alone.said(thread)))
    alone.claude.say(Reply.of(TOKYO))
    alone.claude.say("Late.")
    await alone.settled(await alone.ann.post(thread, "and now?"))
    (result,) = results(alone.asked[-1].body)
    assert "(UTC+0900)" in result["content"][0]["text"]
