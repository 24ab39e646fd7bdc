"""Each of our tools with right and wrong permissions, before and after a restart: a table over the tools."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from typing import Any

import pytest

from bot.local.simulator.claude import ToolUse
from bot.local.simulator.discord import permissions as bits
from bot.tools.messages import FOR_ALL, NOTHING_FOUND
from bot.tools.offer import ABOUT
from tests.e2e.controls import labels
from tests.e2e.discord_tools_scene import call, talking
from tests.e2e.test_tools_command import said
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

AT_ANTHROPIC = ("web_search", "web_fetch", "code_execution")
OURS = tuple(name for name in ABOUT if name not in AT_ANTHROPIC)
OFF = "switched off"


@dataclass(frozen=True)
class Row:
    """A call, and what Claude is told of it where it is allowed."""

    arguments: dict[str, Any]
    heard: str
    waits: bool = False


ROWS = {
    "time_in": Row({"zone": "Asia/Tokyo"}, "UTC+0900"),
    "remember": Row({"fact": "The loom is in the attic.", "about_me": False}, "Remembered for"),
    "forget_memory": Row({"id": "a1b2c3d4e5"}, "no fact of that id"),
    "search_messages": Row({"words": "no such words at all"}, NOTHING_FOUND + FOR_ALL),
    "read_messages": Row({"link": "<#{channel}>"}, "Wool is cheap"),
    "server_facts": Row({}, "Weavers"),
    "member_facts": Row({"member": "ben"}, "ben"),
    "create_poll": Row(
        {"question": "Which yarn?", "answers": ["wool", "silk"], "hours": 2}, "discord.com/channels"
    ),
    "add_reaction": Row({"emoji": "🧶"}, "eact"),
    "set_reminder": Row({"text": "stir", "in_minutes": 600}, "is set for"),
    "list_reminders": Row({}, "stir"),
    "cancel_reminder": Row({"code": "00000"}, "no reminder"),
}


def calls(channel: int) -> list[ToolUse]:
    """One call of each tool."""
    return [
        ToolUse(name, json.loads(json.dumps(row.arguments).replace("{channel}", str(channel))))
        for name, row in ROWS.items()
    ]


async def started(world: World) -> None:
    """Start a bot that is new to its Discord, and wait for its commands, which it registers beside its start."""
    bot = await world.start_bot()
    await bot.said("commands_registered")


async def again(world: World) -> None:
    """Kill the bot, and start it anew."""
    world.bots.pop().signal(signal.SIGKILL)
    await world.start_bot()


async def test_every_tool_of_ours_has_a_row() -> None:
    assert set(ROWS) == set(OURS)


async def test_security_each_tool_is_refused_without_the_role_and_allowed_with_it_also_after_a_restart(
    alone: World,
) -> None:
    await started(alone)
    channel, role = alone.channel(), alone.role("weavers", alone.ben)
    await alone.ben.post(channel, "Wool is cheap.")
    for tool in OURS:
        await said(alone.admin, channel, "tools set", tool=tool, state="on", scope="server", role=role)
        await said(
            alone.admin, channel, "tools set", tool=tool, state="off", scope="server", role=alone.guild.id
        )
    thread = await talking(alone, channel)
    for restarted in (False, True):
        if restarted:
            await again(alone)
        refused = await call(alone, thread, *calls(channel), who=alone.ann)
        assert [OFF in each for each in refused] == [True] * len(ROWS), refused
        asked = {tool["name"] for tool in alone.asked[-1].body["tools"]}
        assert asked == set(OURS)
    assert not any(each.get("poll") or labels(each)[:1] == ["Allow once"] for each in alone.said(thread))
    for restarted in (False, True):
        if restarted:
            await again(alone)
        # One after the other, because the list of reminders is asked for after one is set.
        for name, use in zip(ROWS, calls(channel), strict=True):
            (told,) = await call(alone, thread, use, who=alone.ben)
            known = restarted and name == "remember" and "remembered already" in told
            assert known or ROWS[name].heard in told, (name, told)
    assert len([each for each in alone.said(thread) if each.get("poll")]) == 2


async def test_a_permission_that_the_bot_lacks_is_said_and_counts_again_once_it_is_back_also_after_a_restart(
    alone: World,
) -> None:
    names = ("read_messages", "search_messages", "create_poll", "add_reaction")
    await started(alone)
    channel, other = alone.channel(), alone.channel()
    await alone.ben.post(other, "Wool is cheap.")
    for tool in names:
        await said(alone.admin, channel, "tools set", tool=tool, state="on", scope="server")
    thread = await talking(alone, channel)
    uses = [
        ToolUse("read_messages", {"link": f"<#{other}>"}),
        ToolUse("search_messages", {"words": "cheap"}),
        ToolUse("create_poll", ROWS["create_poll"].arguments),
        ToolUse("add_reaction", ROWS["add_reaction"].arguments),
    ]
    lacking = bits.SEND_POLLS | bits.ADD_REACTIONS
    for restarted in (False, True):
        if restarted:
            await again(alone)
        alone.deny(other, bits.READ_MESSAGE_HISTORY, alone.app.user_id)
        alone.deny(channel, lacking, alone.app.user_id)
        told = await call(alone, thread, *uses)
        assert "cheap" not in told[0]
        assert told[1] == NOTHING_FOUND + FOR_ALL
        assert ["Create Polls" in told[2], "Add Reactions" in told[3]] == [True, True], told
        for place in (channel, other):
            alone.discord.set_overwrite(alone.discord.world.channels[place], alone.app.user_id)
        told = await call(alone, thread, *uses)
        assert ["cheap" in told[0], "cheap" in told[1], "discord.com" in told[2], "eact" in told[3]] == [
            True
        ] * 4, told
