"""`python -m bot backup` and `restore` with the real bot: while it runs, and to another server."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path

import pytest

from bot.config import Exit
from bot.store.contracts import contract_of
from bot.store.keys import Keys
from bot.store.restored_queues import MERGED
from tests.e2e.bot_process import START_S, BotProcess
from tests.e2e.forgetting_scene import holding
from tests.e2e.lively import lively
from tests.e2e.stored import redis_of, stored
from tests.e2e.world import World
from tests.redis_server import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def ran(world: World, code: int, command: str, *arguments: str | Path, **settings: str) -> str:
    """Run a command, and return what it says."""
    process = await BotProcess.start(world.environment(**settings), *map(str, arguments), command=command)
    assert await process.ended(START_S) == code, process.output
    return process.output


async def silent(world: World) -> None:
    """Have the heartbeats of killed instances be old."""
    async with redis_of(world) as redis:
        for key in await redis.keys(f"{world.prefix}:pulse:*"):
            await redis.delete(key)


async def test_a_backup_of_a_running_bot_goes_on_elsewhere_and_nothing_is_answered_twice(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    with redis_server() as elsewhere:
        async with world.apart() as own:
            thread = await own.converse(own.channel(), "before the backup")
            said = await ran(own, 0, "backup", file)
            assert "written and verified" in said
            later = await own.ann.post(thread, "after the backup")
            await own.answered(thread, 2)
            await own.settled(later)
            assert await ran(own, Exit.BACKUP, "restore", file, "--replace") == (
                "the bot is running on this Redis: stop every instance, and restore again (120 s later if one was "
                "killed)\n"
            )
            await own.bots[0].kill()
            await ran(own, 0, "restore", file, REDIS_URL=elsewhere)
            missed = await own.ann.post(thread, "while it was restored")
            asked = len(own.asked)
            own.redis_url = elsewhere
            bot = await own.start_bot()
            await own.answered(thread, 3)
            await own.ann.post(thread, "and now?")
            replies = await own.answered(thread, 4)
            assert len(replies) == 4
            assert bot.log("conversation_unreadable") == []
            sent = [str(request.body["messages"]) for request in own.asked[asked:]]
            assert len(sent) == 2  # the message after the backup was answered before, and is found on Discord
            assert all(text in sent[-1] for text in ("before the backup", "after the backup", "and now?"))
            assert int(missed["id"])


async def test_all_that_a_lively_bot_keeps_comes_back(world: World, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    async with world.apart() as own:
        await lively(own)
        await own.bots[0].stop()
        before = await stored(own)
        assert not any(name.startswith("pulse:") for name in before)
        await ran(own, 0, "backup", file)
        said = await ran(own, 0, "restore", file, "--replace")
        after = await stored(own)
    assert "are restored and verified" in said
    passing = ("pulse:", "i:", "{trial-0}:")
    expected = {
        name for name in before if name not in MERGED and not name.startswith(passing) and not brief(name)
    }
    assert expected <= after.keys()
    kept = [name for name in before if name in after and name not in MERGED]
    assert {name: value(name, after[name]) for name in kept} == {
        name: value(name, before[name]) for name in kept
    }
    assert expected <= set(kept)


def brief(name: str) -> bool:
    """Whether a key may have expired meanwhile."""
    contract = contract_of(name)
    return contract is not None and contract.lives == "seconds"


def value(name: str, text: str) -> object:
    """Read a stored value again: a server may tell the fields of a hash in any order."""
    contract = contract_of(name)
    return ast.literal_eval(text) if contract is not None and contract.type == "hash" else text


async def test_security_neither_command_says_what_people_wrote(world: World, tmp_path: Path) -> None:
    async with world.apart() as own:
        scene = await lively(own)
        said = await ran(own, 0, "backup", tmp_path / "backup")
        await own.bots[0].kill()
        await silent(own)
        said += await ran(own, 0, "restore", tmp_path / "backup", "--replace")
        await asyncio.to_thread((tmp_path / "backup").write_bytes, b"no backup")
        said += await ran(own, Exit.BACKUP, "restore", tmp_path / "backup", "--replace")
        assert holding({"said": said}, scene.canary.words) == {}
        assert Keys(own.prefix).prefix not in said


async def test_a_server_that_cannot_be_reached_is_one_line(world: World, tmp_path: Path) -> None:
    said = await ran(
        world, Exit.REDIS_UNREACHABLE, "backup", tmp_path / "backup", REDIS_URL="redis://127.0.0.1:1"
    )
    assert said.count("\n") == 1
    assert "REDIS_URL" in said
