"""/about says what is kept, for how long, and what answers."""

from __future__ import annotations

import pytest

from tests.e2e.controls import answer
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_about_tells_what_holds_where_it_is_asked(world: World) -> None:
    async with world.apart({"BOT_PRIVACY__URL": "https://example.org/privacy"}) as own:
        thread = await own.converse(own.channel(), "hello")
        direct = await own.dm_of(own.ann)
        for place in (thread, direct):
            text = await answer(await own.ann.command(place, "about"))
            assert "https://example.org/privacy" in text
            assert "claude-sonnet-5-5" in text
            assert "90 days after the last message" in text
        admin = own.person("the-admin", permissions=1 << 5)
        await answer(await admin.command(thread, "privacy set", {"retention_days": 7}))
        await answer(
            await admin.command(thread, "model set", {"model": "claude-haiku-4-5", "scope": "server"})
        )
        text = await answer(await own.ann.command(thread, "about"))
        assert "7 days after the last message" in text
        assert "claude-haiku-4-5" in text
