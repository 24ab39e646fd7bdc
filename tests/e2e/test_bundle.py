"""`python -m bot bundle` and `replay` with the real bot."""

from __future__ import annotations

import asyncio
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from bot.config import Exit
from bot.store.keys import Keys
from tests.e2e.bot_process import START_S
from tests.e2e.forgetting_scene import holding
from tests.e2e.lively import lively
from tests.e2e.stored import redis_of
from tests.e2e.test_backup import ran
from tests.e2e.world import LOOK_S, World
from tests.patience import Patience

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "a system prompt that nobody else is to read"


def read(path: Path) -> tuple[str, dict[str, Any]]:
    """The bundle as text and as it is read."""
    text = path.read_text("utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found: dict[str, Any] = json.loads(text)
    return text, found


async def logged(world: World, event: str) -> None:
    """Wait until the store holds an event of the log."""
    patience = Patience(START_S, lambda: [bot.pid for bot in world.bots])
    async with redis_of(world) as redis:
        while not patience.is_over:
            if any(event in str(each) for each in await redis.lrange(Keys(world.prefix).events, 0, -1)):
                return
            await asyncio.sleep(LOOK_S)
    raise AssertionError(f"{event} is not stored")


async def test_security_no_word_of_anybody_is_in_a_bundle_whatever_turn_it_tells_of(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "bundle"
    async with world.apart({"BOT_CLAUDE__SYSTEM": SECRET}) as own:
        scene = await lively(own)
        async with redis_of(own) as redis:
            records = [str(key) async for key in redis.scan_iter(f"{own.prefix}:*:t:*")]
        turns = sorted({int(key.rpartition(":")[2]) for key in records})
        assert len(turns) > 5
        bundles = ""
        for turn in turns[:: max(1, len(turns) // 6)]:
            await ran(own, 0, "bundle", path, "--turn", str(turn), BOT_CLAUDE__SYSTEM=SECRET)
            text, found = read(path)
            assert found["journal"]["record"]["state"]
            assert str(turn) not in json.dumps(found["journal"])
            bundles += text
        assert holding({"bundle": bundles}, scene.canary.words) == {}
        assert str(scene.person.id) not in bundles
        for secret in (
            own.app.token,
            own.environment()["ANTHROPIC_API_KEY"],
            SECRET,
            own.redis_url,
            "Weavers",
        ):
            assert secret not in bundles
        assert found["settings"]["claude"]["system"] == f"{len(SECRET)} characters"
        assert found["settings"]["discord"]["token"] == "set"
        assert found["versions"]["bobbin"]
        assert {each["id"] for each in found["findings"]} >= {"redis.persistence"}


async def test_a_bundle_holds_events_and_metrics_of_the_running_bot(world: World, tmp_path: Path) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(await own.ann.post(thread, "again"))
        await logged(own, "turn_done")
        await ran(own, 0, "bundle", tmp_path / "bundle")
    _, found = read(tmp_path / "bundle")
    done = [each for each in found["events"] if each["event"] == "turn_done"]
    assert done
    assert done[-1]["conversation"] == thread
    assert any("bobbin_turns_total" in each for each in found["metrics"])
    assert found["journal"] is None


async def test_a_turn_that_a_bundle_tells_of_is_played_again(world: World, tmp_path: Path) -> None:
    path = tmp_path / "bundle"
    reply = "A **list** of things:\n- first thing\n- second\n\n```python\nprint(4200)\n```\nThat is all."
    async with world.apart() as own:
        own.claude.default = lambda _: reply
        thread = await own.converse(own.channel(), "hello")
        said = await own.ann.post(thread, "What do you know, dear bot?")
        await own.settled(said)
        await ran(own, 0, "bundle", path, "--turn", str(said["id"]))
        shown = await ran(own, 0, "replay", path)
    assert re.search(r"^somebody: \w{4} \w\w \w\w\w \w{4}, \w{4} \w\w\w\?$", shown, re.MULTILINE), shown
    assert re.search(r"^- \w{5} \w{5}$", shown, re.MULTILINE)
    assert re.search(r"```python\n\w{5}\(\d{4}\)\n```", shown)
    assert "things" not in shown
    assert "(1 requests to Claude)" in shown


async def test_a_turn_that_is_not_known_is_one_line(world: World, tmp_path: Path) -> None:
    said = await ran(world, Exit.BACKUP, "bundle", tmp_path / "bundle", "--turn", "12345")
    assert said == "turn 12345 is unknown: give the id that the log calls `turn`, within a week of the turn\n"
