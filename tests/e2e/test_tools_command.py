"""/tools: who may switch which tool on and off, where and for whom; what is shown, noted and counted."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands import tools_view
from bot.local.simulator.claude import Page, Reply, ToolUse, web_search
from bot.local.simulator.discord import permissions as bits
from tests.e2e.test_audit import shown
from tests.e2e.test_server_tools import tools_of
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

TIME = {"tool": "time_in", "state": "on"}


async def noted(own: World, place: int) -> list[str]:
    """What the audit log says of tools."""
    return await shown(own.admin, place, what="tool")


async def said(person: Any, place: int, command: str, **options: Any) -> str:
    """All that a command answers, to the person alone."""
    handle = await person.command(place, command, options)
    await handle.response()
    message = await handle.message()
    assert message["ephemeral"]
    return str(message["content"])


async def test_whoever_manages_the_server_switches_a_tool_on_and_the_next_request_has_it(
    world: World,
) -> None:
    async with world.apart() as own:
        channel = own.channel()
        answer = await said(own.admin, channel, "tools set", **TIME, scope="channel")
        assert answer.startswith("`time_in` is on in this channel.")
        thread = await own.converse(channel, "hello")
        assert tools_of(own.asked[-1]) == ["time_in"]
        text = await said(own.ann, thread, "tools show")
        assert "- `time_in` **on** (set for this channel" in text
        assert "- `web_search` **off** (nobody has switched it on)" in text
        assert "<@" not in text
        assert f"<@{own.admin.id}>" in await said(own.admin, thread, "tools show")
        assert "Tool: **`time_in` on** (set for the channel" in await said(own.ann, thread, "settings show")
        assert "`time_in`" in await said(own.ann, thread, "about")
        (line,) = await noted(own, thread)
        assert line.endswith(f"set the tool `time_in` of <#{channel}>: `on`")
        await said(own.admin, channel, "tools set", tool="time_in", state="default", scope="channel")
        await own.settled(await own.ann.post(thread, "and now?"))
        assert tools_of(own.asked[-1]) == []


async def test_others_cannot_switch_on_and_a_starter_can_switch_off(world: World) -> None:
    async with world.apart({"BOT_TOOLS__ON": "time_in"}) as own:
        thread = await own.converse(own.channel(), "hello")
        for state in ("on", "ask", "default"):
            answer = await said(own.ann, thread, "tools set", tool="time_in", state=state)
            assert answer == tools_view.MAY_NOT_SWITCH_ON
        assert "“Manage Server”" in await said(own.ann, thread, "tools set", **TIME, scope="server")
        assert "Only" in await said(own.ben, thread, "tools set", tool="time_in", state="off")
        assert "is off" in await said(own.ann, thread, "tools set", tool="time_in", state="off")
        await own.settled(await own.ann.post(thread, "and now?"))
        assert tools_of(own.asked[-1]) == []
        moderator = own.person("moderator", bits.MANAGE_THREADS)
        assert "is on" in await said(moderator, thread, "tools set", **TIME)


async def test_what_there_is_not_and_what_cannot_be_is_refused_with_what_can(world: World) -> None:
    async with world.apart({"BOT_TOOLS__NEVER": "code_execution"}) as own:
        channel, role = own.channel(), own.role("weavers", own.ann)
        answer = await said(own.admin, channel, "tools set", tool="@everyone `x`", state="on")
        assert answer.startswith("There is no tool called `@everyone x`. There are: `web_search`")
        answer = await said(own.admin, channel, "tools set", tool="code_execution", state="on")
        assert answer.startswith("There is no tool called")
        for options in ({"state": "ask"}, {"state": "on", "role": role}):
            answer = await said(own.admin, channel, "tools set", tool="web_search", **options)
            assert "runs at Anthropic" in answer
        direct = await own.dm_of(own.ann)
        assert await said(own.ann, direct, "tools set", **TIME) == tools_view.OFF_ONLY


async def test_a_role_is_asked_at_the_call_and_the_request_stays_the_same(world: World) -> None:
    async with world.apart() as own:
        channel, role = own.channel(), own.role("weavers", own.ben)
        await said(own.admin, channel, "tools set", tool="time_in", state="on", scope="server", role=role)
        await said(
            own.admin, channel, "tools set", tool="time_in", state="off", scope="server", role=own.guild.id
        )
        for who, heard in ((own.ann, "switched off"), (own.ben, "UTC+0900")):
            own.claude.say(Reply.of(ToolUse("time_in", {"zone": "Asia/Tokyo"})))
            own.claude.say("So it is.")
            thread = await own.converse(channel, "what time is it?", who)
            await own.settled(thread)
            assert tools_of(own.asked[-1]) == ["time_in"]
            assert heard in str(own.asked[-1].body["messages"][-1])


async def test_when_the_searches_of_a_day_are_used_up_web_search_is_left_out(world: World) -> None:
    async with world.apart({"BOT_TOOLS__ON": "web_search", "BOT_TOOLS__SEARCHES_PER_DAY": "2"}) as own:
        page = Page("https://looms.example/", "Looms")
        own.claude.say(Reply.of(web_search("a", page), web_search("b", page), "Found."))
        thread = await own.converse(own.channel(), "search twice")
        await own.settled(thread)
        assert "Web searches today: 2 of 2" in await said(own.ann, thread, "tools show")
        assert "The costs include 2 web searches." in await said(own.ann, thread, "usage")
        await own.settled(await own.ann.post(thread, "once more"))
        assert tools_of(own.asked[-1]) == []
        assert own.replies(thread)[-1]["content"] == "I see."
