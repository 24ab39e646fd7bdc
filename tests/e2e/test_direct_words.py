"""Whatever a command answers in direct messages names no thread, channel or server that the person is not in."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bot.commands.invocation import NOTHING_SAID_YET
from bot.local.simulator.claude import ToolUse
from bot.local.simulator.discord import commands
from tests.e2e.discord_tools_scene import call
from tests.e2e.test_commands import set_prompt
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

ELSEWHERE = re.compile(
    r"\b(?:this|the) thread\b(?!,)|\bthis (?:channel|server)\b|Manage (?:Server|Threads)|<#\d+>"
    r"|who manages|other channels|others can go on",
    re.IGNORECASE,
)
"""Words that fit a server alone."""

SLASH, SUBCOMMAND, GROUP = 1, 1, 2
"""The type of a slash command, and those of options that are commands (Discord, "Application Commands")."""

ON = {
    "BOT_TOOLS__ON": json.dumps(["time_in", "set_reminder"]),
    "BOT_BUDGETS__CHANNEL": "1000 messages per day",
    "BOT_BUDGETS__PERSON": "1000 messages per day",
}

COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("system show", {}),
    ("system set", {"scope": "server"}),
    ("system history", {}),
    ("system clear", {}),
    ("system clear", {}),
    ("system preset list", {}),
    ("system preset use", {"name": "none"}),
    ("system preset delete", {"name": "none"}),
    ("system preset save", {"name": "mine"}),
    ("model show", {}),
    ("model set", {"effort": "low"}),
    ("model show", {}),
    ("model clear", {}),
    ("model clear", {}),
    ("model set", {"effort": "low", "scope": "channel"}),
    ("tools set", {"tool": "time_in", "state": "off"}),
    ("tools show", {}),
    ("settings show", {}),
    ("tools set", {"tool": "time_in", "state": "default"}),
    ("tools set", {"tool": "time_in", "state": "default"}),
    ("tools set", {"tool": "time_in", "state": "on"}),
    ("budget show", {}),
    ("budget set", {"amount": "1", "unit": "USD", "per": "day"}),
    ("budget clear", {"unit": "USD", "per": "day"}),
    ("budget notify", {}),
    ("usage", {}),
    ("usage", {"scope": "server"}),
    ("memory show", {}),
    ("memory remember", {"fact": "The loom is red."}),
    ("memory forget", {"fact": "none"}),
    ("reminders list", {}),
    ("reminders list", {"thread": True}),
    ("reminders cancel", {"reminder": "abcde"}),
    ("context", {}),
    ("why", {}),
    ("export", {}),
    ("about", {}),
    ("my data", {}),
    ("forget me", {}),
    ("forget verify", {"code": "none"}),
    ("stop", {}),
    ("retry", {}),
    ("continue", {}),
    ("leave", {}),
    ("reset", {}),
    ("help", {}),
)
"""Every command that can be used in direct messages; what it answers is held against `ELSEWHERE`."""


async def told(handle: Any) -> str:
    """All that an interaction answers, with its embeds."""
    response = await handle.response()
    if response.kind == "modal":
        return json.dumps(response.data, ensure_ascii=False)
    await handle.message()
    said = [await handle.message(), *handle.followups]
    return "\n".join(
        "\n".join([each["content"], *(str(embed.get("description")) for embed in each["embeds"])])
        for each in said
    )


async def test_no_answer_in_direct_messages_speaks_of_a_thread_a_channel_or_a_server(world: World) -> None:
    async with world.apart(ON) as own:
        dm = await own.dm_of(own.ann)
        await own.settled(await own.ann.post(dm, "hello"))
        await call(own, dm, ToolUse("set_reminder", {"text": "stir", "in_minutes": 600}))
        assert "these direct messages" in await set_prompt(own.ann, dm, "Be brief.")
        found = {}
        for name, options in COMMANDS:
            text = await told(await own.ann.command(dm, name, options))
            assert text, name
            if words := ELSEWHERE.findall(text):
                found[f"{name} {options}"] = (words, text)
        assert found == {}


def offered(world: World, place: int) -> dict[str, list[str]]:
    """The commands that a person can use in a place, each with its descriptions."""
    here = world.discord.world
    app = here.applications[world.app.id]
    found: dict[str, list[str]] = {}

    def walk(command: dict[str, Any], before: str) -> None:
        name = f"{before} {command['name']}".strip()
        options = command.get("options") or []
        if inner := [each for each in options if each["type"] in (SUBCOMMAND, GROUP)]:
            for each in inner:
                walk(each, name)
            return
        found[name] = [str(each.get("description")) for each in (command, *options)]

    for each in commands.offered(here, here.channels[place], world.ann.id, app):
        if each["type"] == SLASH:
            walk(each, "")
    return found


async def test_each_command_of_direct_messages_is_tried_and_described_in_words_that_fit(world: World) -> None:
    found = offered(world, await world.dm_of(world.ann))
    assert set(found) == {name for name, _ in COMMANDS}
    described = [text for texts in found.values() for text in texts]
    assert [text for text in described if re.search("this (thread|channel|server)", text)] == []


async def test_before_anything_is_said_the_commands_of_a_conversation_ask_to_write(world: World) -> None:
    async with world.apart() as own:
        dm = await own.dm_of(own.ben)
        for name in ("context", "export"):
            assert await told(await own.ben.command(dm, name)) == NOTHING_SAID_YET
