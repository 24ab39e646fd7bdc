"""/check: what is wrong here, for those who manage the server, until it is mended."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands.check import MAY_NOT_CHECK, NOTHING
from bot.local.simulator.discord import permissions as bits
from tests.e2e.controls import answer
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def shown(handle: Any) -> str:
    """What the answer says now."""
    return str((await handle.message())["content"])


async def test_where_nothing_is_wrong_it_says_so(world: World) -> None:
    async with world.apart() as own:  # other tests leave something wrong in the shared server
        assert await answer(await own.admin.command(own.channel(), "check")) == NOTHING


async def test_only_those_who_manage_the_server_are_answered(world: World) -> None:
    assert await answer(await world.ann.command(world.channel(), "check")) == MAY_NOT_CHECK


async def test_a_missing_permission_is_named_and_disappears_when_it_is_given(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        own.deny(channel, bits.CREATE_PUBLIC_THREADS | bits.ATTACH_FILES)
        handle = await own.admin.command(channel, "check")
        said = await answer(handle)
        assert "lacks Create Public Threads and Attach Files" in said
        own.deny(channel, bits.ATTACH_FILES)
        original = await handle.message()
        await own.until(lambda: "Create Public" not in own.discord.message(original["id"])["content"])
        assert "lacks Attach Files" in await shown(handle)
        own.deny(channel, 0)
        await own.until(lambda: own.discord.message(original["id"])["content"] == NOTHING)


async def test_only_the_latest_answer_to_a_person_is_kept_up_to_date(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        own.deny(channel, bits.ATTACH_FILES)
        ids, said = [], []
        for _ in range(2):
            handle = await own.admin.command(channel, "check")
            said.append(await answer(handle))
            ids.append((await handle.message())["id"])
        own.deny(channel, 0)
        await own.until(lambda: own.discord.message(ids[1])["content"] == NOTHING)
        assert own.discord.message(ids[0])["content"] == said[0]


async def test_a_channel_for_the_audit_log_is_looked_at_from_anywhere(world: World) -> None:
    async with world.apart() as own:
        logs = own.channel()
        await answer(await own.admin.command(own.channel(), "audit channel", {"channel": str(logs)}))
        own.deny(logs, bits.SEND_MESSAGES)
        said = await answer(await own.admin.command(own.channel(), "check"))
        assert "gets the audit log" in said
        assert "lacks Send Messages" in said


async def test_what_tools_need_beyond_the_invite_link_is_named_where_they_are_on(world: World) -> None:
    async with world.apart({"BOT_TOOLS__ON": "create_poll, add_reaction"}, bots=0) as own:
        for role in own.guild.roles.values():
            role.permissions &= ~bits.SEND_POLLS
        await own.start_bot()
        said = await answer(await own.admin.command(own.channel(), "check"))
        assert "need Create Polls, which the bot lacks" in said
