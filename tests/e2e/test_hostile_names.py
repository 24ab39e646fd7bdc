"""Hostile names of people, threads, roles and presets in the answers of every command that shows names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.conversation.audit_view import code
from bot.conversation.visible import plain
from tests.e2e.controls import answer
from tests.e2e.test_audit import ends, shown
from tests.e2e.test_commands import set_prompt
from tests.e2e.test_export import exported
from tests.e2e.test_prompts import save
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVIL = "=1+1 <@1> **@everyone** `x\u202e"
"""As long as a name of a preset may be."""


async def said_by(person: Any, place: int, command: str, options: dict[str, Any]) -> str:
    """Everything that a command answers, to the person alone."""
    handle = await person.command(place, command, options)
    await handle.response()
    message = await handle.message()
    for each in (message, *handle.followups):
        assert each["ephemeral"]
        assert not each["mention_everyone"]
    told = [{"content": each["content"], "embeds": each["embeds"]} for each in (message, *handle.followups)]
    return json.dumps(told, ensure_ascii=False)


async def test_security_hostile_names_are_text_wherever_an_answer_shows_them(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        evil = own.discord.add_user("evil-of-names", EVIL, guild=own.guild)
        role = own.role(EVIL, evil)
        thread = await own.converse(channel, EVIL, evil)
        await own.settled(thread)
        await own.admin.edit_thread(thread, name=EVIL)
        await set_prompt(evil, thread, f"Say {EVIL}")
        await save(own.admin, channel, EVIL, "Be kind.")
        await answer(await own.admin.command(channel, "access allow", {"role": role}))
        await answer(await own.admin.command(channel, "access allow", {"person": evil.id}))
        limit = {"amount": 5000, "unit": "messages", "per": "month"}
        await answer(await own.admin.command(channel, "budget set", {**limit, "role": role}))
        await answer(await own.admin.command(channel, "budget set", {**limit, "person": evil.id}))
        for command, options in (
            ("audit show", {}),
            ("settings show", {}),
            ("budget show", {}),
            ("access show", {"person": evil.id}),
            ("usage", {"scope": "server", "csv": True}),
            ("why", {"message": str(thread)}),
            ("answer show", {}),
            ("model show", {}),
            ("context", {}),
            ("about", {}),
        ):
            told = await said_by(own.admin, thread, command, options)
            assert "1+1" not in told, command
        listed = await said_by(own.admin, thread, "system preset list", {})
        assert code(plain(EVIL)) in listed
        assert listed.count("1+1") == 1
        offered = await evil.autocomplete(thread, "system preset use", {"name": "1+1"}, "name")
        assert [each["value"] for each in offered] == [plain(EVIL)]


async def test_security_what_people_name_things_leaves_the_lines_of_the_log_as_they_are(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "x\n<t:1:f> <@1> **forged** @everyone", own.ann)
        await own.admin.edit_thread(thread, name="<t:1:f> <@1> forged")
        await set_prompt(own.ann, thread, "tulip")
        await save(own.admin, channel, "tulip` <@1>\n x", "tulip")
        lines = ends(await shown(own.admin, channel))
        assert lines == [
            f"<@{own.admin.id}> saved a preset: 0 → 5 characters",
            f"<@{own.ann.id}> set the prompt of <#{thread}>: 5 characters",
        ]
        told, name, page = await exported(own, own.ann, thread)
        assert name.endswith(".html")
        assert "<@1>" not in page
        assert told
