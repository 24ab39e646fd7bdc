"""SIGHUP has the settings read anew: what is safe changes at once, and the log names what needs a restart."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def own(shared: World, tmp_path: Path) -> AsyncIterator[tuple[World, Path]]:
    """A bot with a settings file of its own."""
    file = tmp_path / "config.toml"
    file.write_text("")
    async with shared.apart({"BOT_CONFIG": str(file)}) as own:
        yield own, file


def reload(world: World, file: Path, text: str) -> None:
    file.write_text(text)
    world.bots[0].signal(signal.SIGHUP)


async def test_who_is_blocked_by_the_file_is_answered_no_more_and_then_again(
    own: tuple[World, Path],
) -> None:
    world, file = own
    thread = await world.converse(world.channel(), "hello")
    reload(world, file, f"[access]\nblock = [{world.ann.id}]\n[turns]\nlease_s = 9.0\n")
    told = await world.bots[0].logged("settings_reloaded")
    assert (told["applied"], told["needs_restart"]) == (["access.block"], ["turns.lease_s"])
    await world.ann.post(thread, "and now?")
    await world.converse(world.channel(), "another person", world.ben)
    assert len(world.replies(thread)) == 1
    reload(world, file, "")
    await world.bots[0].logged("settings_reloaded", needs_restart=[])
    await world.ann.post(thread, "and again?")
    await world.answered(thread, 2)


async def test_a_file_with_an_error_changes_nothing_and_one_line_names_the_setting(
    own: tuple[World, Path],
) -> None:
    world, file = own
    reload(world, file, f'[access]\nblock = [{world.ann.id}]\n[reply]\nwhen = "sometimes"\n')
    told = await world.bots[0].logged("settings_not_reloaded")
    assert "reply.when" in told["detail"]
    assert told["level"] == "error"
    await world.converse(world.channel(), "hello")
    reload(world, file, "[access\n")
    await world.until(lambda: len(world.bots[0].log("settings_not_reloaded")) == 2)
    assert "not valid TOML" in world.bots[0].log("settings_not_reloaded")[-1]["detail"]
    assert "Traceback" not in world.bots[0].output
    assert await world.bots[0].stop() == 0


async def test_the_level_of_the_log_and_the_bounds_of_load_change_while_it_runs(
    own: tuple[World, Path],
) -> None:
    world, file = own
    changed = '[telemetry]\nlog_level = "debug"\n[claude]\nmax_requests = 3\n[turns]\nmax_concurrent = 2\n'
    reload(world, file, changed)
    told = await world.bots[0].logged("settings_reloaded")
    assert told["applied"] == ["claude.max_requests", "turns.max_concurrent", "telemetry.log_level"]
    await world.converse(world.channel(), "hello")
    await world.until(lambda: any(each.get("level") == "debug" for each in world.bots[0].entries))
