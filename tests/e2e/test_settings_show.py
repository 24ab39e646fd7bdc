"""/settings show: which settings apply, and where each of them was set."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands.settings import HEADING
from tests.e2e.controls import answer
from tests.e2e.test_commands import set_prompt
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def shown(person: Any, place: int) -> dict[str, str]:
    """What the command answers, by label."""
    text = await answer(await person.command(place, "settings show"))
    assert text.startswith(HEADING)
    lines = [line.removeprefix("- ").partition(": ") for line in text.splitlines() if line.startswith("- ")]
    return {label: rest for label, _, rest in lines}


async def test_each_setting_says_where_it_was_set_and_admins_see_by_whom(world: World) -> None:
    async with world.apart({"BOT_REPLY__WHEN": "always"}) as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        before = await shown(own.ben, thread)
        assert before["Model"] == "**claude-sonnet-5-5** (default)"
        assert before["Messages in threads that I answer"] == "**all** (set by whoever runs me)"
        await set_prompt(own.ann, thread, "A SECRET PROMPT")
        await answer(await own.admin.command(thread, "model set", {"effort": "low", "scope": "channel"}))
        await answer(await own.admin.command(thread, "model set", {"effort": "high", "scope": "server"}))
        seen = await shown(own.ben, thread)
        assert seen["System prompt"].startswith("**a text of 15 characters** (set for the thread <t:")
        assert seen["Effort"].startswith("**low** (set for the channel <t:")
        assert "SECRET" not in str(seen)
        assert "<@" not in str(seen)
        by_admin = await shown(own.admin, thread)
        assert f"by <@{own.ann.id}>" in by_admin["System prompt"]
        assert f"by <@{own.admin.id}>" in by_admin["Effort"]
        elsewhere = await shown(own.ben, own.channel())
        assert elsewhere["Effort"].startswith("**high** (set for the server <t:")
        assert elsewhere["System prompt"].endswith("(default)")


async def test_direct_messages_show_what_applies_there(world: World) -> None:
    direct = await world.dm_of(world.ann)
    await set_prompt(world.ann, direct, "Be brief.")
    seen = await shown(world.ann, direct)
    assert seen["System prompt"].startswith("**a text of 9 characters** (set for these direct messages <t:")
    assert f"by <@{world.ann.id}>" in seen["System prompt"]
