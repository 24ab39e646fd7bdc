"""The processes that a bot starts: they end with it, and learn no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.local_bot import started
from tests.e2e.process_family import environment_of, family, none_alive

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_children_end_with_the_bot_even_when_it_is_killed(tmp_path: Path) -> None:
    async with started(tmp_path / "data") as (bot, _):
        children = family(bot.pid)
        assert len(children) == 4  # a Discord, a model, a Redis and its guard
        await bot.kill()
        await none_alive(children)


async def test_no_secret_reaches_a_child(tmp_path: Path) -> None:
    async with started(tmp_path / "data", BOT_CLAUDE__SYSTEM="secret instructions") as (bot, _):
        environments = [environment_of(pid) for pid in family(bot.pid)]
        assert environments
        assert not any(b"secret instructions" in each for each in environments)
