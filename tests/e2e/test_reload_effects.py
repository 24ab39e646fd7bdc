"""Each setting that SIGHUP changes in a running bot, by its effect on Discord; and files that change nothing."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio

from bot.config.live import RELOADED
from tests.e2e.budget_scene import HAIKU
from tests.e2e.reload_checks import (
    direct_messages,
    fallback_model,
    ignore_prefix,
    limit,
    log_level,
    max_concurrent,
    max_requests,
    outsider_is_left_out,
    refusals,
    threads_per_minute,
    turns_per_person,
    when,
)
from tests.e2e.reload_scene import BASE, OUTSIDER, ROLE, Scene
from tests.e2e.test_stopping import half_a_reply
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

USED_UP = "1 token per month"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reloading(shared: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """A bot with a settings file of its own."""
    file = tmp_path_factory.mktemp("reload") / "config.toml"
    file.write_text(BASE)
    async with shared.apart({"BOT_CONFIG": str(file)}) as own:
        yield Scene(own, file, own.role("weavers"))


@pytest.fixture
def scene(reloading: Scene) -> Scene:
    reloading.world.begin()
    reloading.outsider = reloading.world.person("ann")
    return reloading


@dataclass(frozen=True)
class Row:
    """Settings, what the file holds without and with the change, and how the change is seen."""

    paths: frozenset[str]
    before: str
    after: str
    check: Callable[..., Awaitable[None]]


def row(path: str, value: str, check: Callable[..., Awaitable[None]], before: str = "", **more: str) -> Row:
    """The row of a setting, and of `more` settings of the section that have to change with it."""
    section, _, key = path.partition(".")
    values = {key: value, **more}
    after = f"[{section}]\n" + "".join(f"{name} = {each}\n" for name, each in values.items())
    return Row(
        frozenset(f"{section}.{each}" for each in (key, *more)),
        before and f"[{section}]\n{before}",
        after,
        check,
    )


FALLBACK = f'person = ["{USED_UP}"]\nfallback_model = "{HAIKU}"\nfallback = ["100000 tokens per month"]\n'

ROWS = (
    row("discord.direct_messages", "false", direct_messages),
    row("claude.max_requests", "1", max_requests),
    row("reply.when", '"mentioned"', when),
    row("reply.ignore_prefix", '"??"', ignore_prefix),
    row("access.allow_roles", f"[{ROLE}]", outsider_is_left_out),
    row("access.block", f"[{OUTSIDER}]", outsider_is_left_out),
    row("limits.threads_per_minute", "1", threads_per_minute),
    row("limits.turns_per_person", "1", turns_per_person),
    row("limits.refusals", "0.5", refusals),
    row("budgets.bot", f'["{USED_UP}"]', limit("I have used up", people=2)),
    row("budgets.server", f'["{USED_UP}"]', limit("This server has used up", people=2)),
    row("budgets.channel", f'["{USED_UP}"]', limit("This channel has used up", people=2)),
    row("budgets.person", f'["{USED_UP}"]', limit("You have used up")),
    Row(
        frozenset({"budgets.fallback_model", "budgets.fallback", "budgets.person"}),
        "",
        f"[budgets]\n{FALLBACK}",
        fallback_model,
    ),
    Row(
        frozenset({"budgets.fallback"}),
        f"[budgets]\n{FALLBACK}",
        f"[budgets]\n{FALLBACK.replace('100000 tokens', '1 token')}",
        limit("also those of the smaller model", after=2),
    ),
    row("turns.max_concurrent", "1", max_concurrent),
    row("telemetry.log_level", '"debug"', log_level),
)


async def test_each_setting_of_the_table_is_here_or_below() -> None:
    assert frozenset().union(*(each.paths for each in ROWS)) | {"shutdown.grace_s"} == RELOADED


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "+".join(sorted(row.paths)))
async def test_a_reload_changes_what_people_see_and_the_next_one_changes_it_back(
    scene: Scene, row: Row
) -> None:
    await scene.reload(row.before)
    await row.check(scene, changed=False)
    told = await scene.reload(row.after)
    assert set(told["applied"]) == row.paths
    assert told["needs_restart"] == []
    await row.check(scene, changed=True)
    assert set((await scene.reload(row.before))["applied"]) == row.paths
    await row.check(scene, changed=False)
    await scene.reload("")


@pytest.mark.parametrize("broken", ["toml", "value", "unknown", "not UTF-8", "gone", "a directory"])
async def test_a_broken_file_is_one_line_and_the_settings_before_stay(scene: Scene, broken: str) -> None:
    world = scene.world
    (bot,) = world.bots
    await scene.reload(f"[access]\nblock = [{OUTSIDER}]\n")
    before = len(bot.output)
    match broken:
        case "toml":
            scene.file.write_text("[access\n")
        case "value":
            scene.file.write_text('[access]\nblock = ["Ann"]\n[reply]\nwhen = "mentioned"\n')
        case "unknown":
            scene.file.write_text("[access]\nblok = []\n")
        case "not UTF-8":
            scene.file.write_bytes(b"[reply]\nignore_prefix = '\xff'\n")
        case _:
            scene.file.unlink()
    if broken == "a directory":
        scene.file.mkdir()
    try:
        told = await scene.again("settings_not_reloaded")
    finally:
        if broken == "a directory":
            scene.file.rmdir()
    assert told["level"] == "error"
    assert "config.toml" in told["detail"]
    lines = [each for each in bot.output[before:].splitlines() if '"logger": "bot.wiring.reload"' in each]
    assert len(lines) == 1, bot.output
    assert "Traceback" not in bot.output
    await outsider_is_left_out(scene, changed=True)
    await when(scene, changed=False)
    await scene.reload("")
    await outsider_is_left_out(scene, changed=False)


async def test_the_time_that_replies_have_at_the_end_is_the_reloaded_one(scene: Scene) -> None:
    """The last test of the file: the bot ends."""
    scene.file.write_text("[shutdown]\ngrace_s = 7.0\n")
    assert (await scene.again())["applied"] == ["shutdown.grace_s"]
    bot, gate, thread = await half_a_reply(scene.world)
    bot.signal(signal.SIGTERM)
    await bot.said("finishing_turns")
    gate.release()
    assert await bot.ended() == 0
    assert [m["content"] for m in scene.world.replies(thread)] == ["The first half, the second half."]
