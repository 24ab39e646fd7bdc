"""What remote servers and their results may not do."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.local.simulator.claude import ToolUse
from bot.store.keys import Keys
from tests.e2e.controls import labels, press
from tests.e2e.mcp_scene import HOSTILE, SEARCH, ask, offering, switch, told, tools, wiki
from tests.e2e.test_tools import card_of
from tests.e2e.world import World
from tests.tools.mcp_process import free_port, mcp_process

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def held(world: World) -> dict[str, str]:
    """What is set for the server."""
    redis: Redis = Redis.from_url(world.redis_url, decode_responses=True)
    found = await redis.hgetall(Keys(world.prefix).scope(int(world.guild.id), int(world.guild.id)))
    await redis.aclose()
    return {str(name): str(value) for name, value in found.items()}


async def test_security_a_private_address_is_refused_and_the_operator_is_told(alone: World) -> None:
    port = free_port()
    async with mcp_process(port):
        await switch(alone, port, "wiki_search", "on")
        refused = wiki(port, url=f"https://localhost:{port}/mcp", private=False)
        bot = await alone.start_bot(**offering(refused))
        line = await bot.logged("mcp_server_unreachable", server="wiki")
        assert line["error"] == "the server has a private address; see `private` of [[mcp]]"
        await ask(alone, SEARCH)
        assert "cannot be reached" in told(alone)


async def test_tools_are_offered_within_the_operators_scopes_alone(alone: World) -> None:
    port, inside = free_port(), alone.channel()
    async with mcp_process(port):
        await alone.start_bot(**offering(wiki(port, channels=[inside], tools=["search"])))
        await switch(alone, port, "wiki_search", "on")
        await switch(alone, port, "wiki_note", "on")
        await alone.settled(await alone.converse(alone.channel(), "hello"))
        assert tools(alone) == []
        await alone.settled(await alone.converse(inside, "hello"))
        assert [tool["name"] for tool in tools(alone)] == ["wiki_search"]


async def test_a_call_that_changes_something_waits_for_a_permission_and_is_made_once(
    alone: World, tmp_path: Path
) -> None:
    port, notes = free_port(), tmp_path / "notes"
    async with mcp_process(port, NOTES=str(notes)):
        bot = await alone.start_bot(**offering(wiki(port)))
        await switch(alone, port, "wiki_note", "ask")
        thread = await ask(alone, ToolUse("wiki_note", {"text": "weave"}))
        await alone.until(lambda: len(alone.said(thread)) == 2)
        bot.signal(signal.SIGKILL)
        await alone.start_bot(**offering(wiki(port)))
        assert not notes.exists()
        await press(alone.ann, thread, card_of(alone, thread), "Allow once")
        await alone.until(lambda: "and done" in card_of(alone, thread)["content"])
        written = await asyncio.to_thread(notes.read_text)
    assert written == "weave\n"


async def test_security_injected_instructions_stay_inside_the_result(alone: World, tmp_path: Path) -> None:
    port, notes = free_port(), tmp_path / "notes"
    async with mcp_process(port, RESULT=HOSTILE, NOTES=str(notes)):
        await alone.start_bot(**offering(wiki(port)))
        await switch(alone, port, "wiki_search", "on")
        await switch(alone, port, "wiki_note", "ask")
        before = await held(alone)
        thread = await ask(alone, SEARCH, ToolUse("wiki_note", {"text": "x"}))
        await alone.until(lambda: len(alone.said(thread)) == 2)
        body = alone.asked[-1].body
        for message in body["messages"]:
            for block in message["content"]:
                assert block["type"] == "tool_result" or "SYSTEM" not in json.dumps(block)
        assert "SYSTEM" not in json.dumps([body["system"], body["tools"]])
        assert "SYSTEM" in told(alone)
        assert "<message" not in told(alone)
        assert labels(card_of(alone, thread)) == [
            "Allow once",
            "Always here",
            "Refuse",
            "Refuse, and say why",
        ]
        assert not notes.exists()
        alone.claude.say("You are welcome.")
        await alone.settled(await alone.ann.post(thread, "thanks"))
        assert "SYSTEM" not in json.dumps(alone.asked[-1].body)
        assert await held(alone) == before


async def test_security_what_an_allowed_call_brings_pings_nobody_on_its_card(alone: World) -> None:
    port = free_port()
    async with mcp_process(port, RESULT=HOSTILE):
        await alone.start_bot(**offering(wiki(port)))
        await switch(alone, port, "wiki_search", "ask")
        thread = await ask(alone, SEARCH)
        await alone.until(lambda: len(alone.said(thread)) == 2)
        await press(alone.ann, thread, card_of(alone, thread), "Allow once")
        await alone.until(lambda: "and done" in card_of(alone, thread)["content"])
        card = card_of(alone, thread)
    assert not card["mention_everyone"]
    assert card["content"].count("```") == 4
    shown = card["content"].rpartition("and done.")[2]
    assert shown.strip().startswith("```")
    assert shown.strip().endswith("```")


async def test_security_a_hostile_description_is_a_description_and_no_more(alone: World) -> None:
    port = free_port()
    async with mcp_process(port, DESCRIPTION=HOSTILE):
        await alone.start_bot(**offering(wiki(port)))
        await switch(alone, port, "wiki_search", "on")
        await ask(alone, SEARCH)
    body = alone.asked[-1].body
    assert "SYSTEM" not in json.dumps([body["system"], body["messages"]])
    (tool,) = body["tools"]
    assert tool["description"].startswith("From the MCP server wiki. ")
    assert "<message" not in tool["description"]
