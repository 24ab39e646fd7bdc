"""A release on what others have stored: older data, newer data, an older instance beside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from bot.config import Exit
from bot.findings.ids import Id
from bot.local.simulator.claude import Reply, ToolUse
from bot.store.key_lifetimes import PULSE_S
from bot.store.keys import Keys
from bot.store.migrations import NEWEST, TOOLS
from bot.store.schema import stored_version
from tests.e2e.bot_process import START_S, BotProcess
from tests.e2e.world import World
from tests.redis_sentinels import redis_sentinels

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIXTURES = Path(__file__).parents[1] / "store" / "fixtures"
THREAD = 1_500_000_000_000_000_000


async def stored_by_an_older_release(redis: Redis, keys: Keys) -> None:
    """A conversation as the version before content blocks has stored it, with a prompt of its own."""
    stored = json.loads((FIXTURES / "before_content_blocks.json").read_text(encoding="utf-8"))
    await redis.rpush(keys.history(THREAD), *stored["entries"])
    await redis.hset(keys.meta(THREAD), mapping={"system": "Weave.", "guild": "7", "starter": "5"})


@pytest_asyncio.fixture(loop_scope="session")
async def redis(alone: World) -> Any:
    client: Redis = Redis.from_url(alone.redis_url, decode_responses=True)
    await client.flushall()
    yield client
    await client.aclose()


async def test_older_data_are_migrated_after_a_backup_that_restores_them(
    alone: World, redis: Redis, tmp_path: Path
) -> None:
    keys = Keys(alone.prefix)
    await stored_by_an_older_release(redis, keys)
    before = await redis.lrange(keys.history(THREAD), 0, -1)
    (tmp_path / "backups" / ".schema-1-killed.bobbin.names").mkdir(parents=True)
    (tmp_path / "backups" / ".schema-1-killed.bobbin.123").write_text("what people wrote")
    bot = await alone.start_bot(BOT_REDIS__DATA_DIR=str(tmp_path))
    assert await stored_version(redis, keys) == NEWEST
    assert await redis.lrange(keys.history(THREAD), 0, -1) != before
    assert await redis.hget(keys.scope(7, THREAD), "system") == "Weave."
    files = sorted((tmp_path / "backups").iterdir())
    assert len(files) == len(bot.log("migration_backed_up")) == 1, "one for all migrations of a start"
    assert {each.stat().st_mode & 0o777 for each in files} == {0o600}
    await bot.stop()
    await redis.flushall()
    environment = alone.environment(BOT_REDIS__DATA_DIR=str(tmp_path))
    restoring = await BotProcess.start(environment, str(files[0]), command="restore")
    assert await restoring.ended(START_S) == 0, restoring.output
    assert await redis.lrange(keys.history(THREAD), 0, -1) == before
    assert await redis.hget(keys.meta(THREAD), "system") == "Weave."
    await alone.start_bot(BOT_REDIS__DATA_DIR=str(tmp_path))
    assert await stored_version(redis, keys) == NEWEST


async def test_a_backup_that_cannot_be_written_names_the_settings_and_changes_nothing(
    alone: World, redis: Redis, tmp_path: Path
) -> None:
    keys = Keys(alone.prefix)
    await stored_by_an_older_release(redis, keys)
    (tmp_path / "file").write_text("no directory")
    settings = {"BOT_REDIS__DATA_DIR": str(tmp_path / "file")}
    bot = await BotProcess.start(alone.environment(**settings), "--strict")
    assert await bot.ended(START_S) == Exit.BACKUP, bot.output
    line = bot.output.splitlines()[-1]
    assert "redis.data_dir" in line
    assert "redis.migration_backup" in line
    assert "Traceback" not in bot.output
    assert await redis.hget(keys.meta(THREAD), "system") == "Weave."
    await alone.start_bot(**settings, BOT_REDIS__MIGRATION_BACKUP="false")
    assert await stored_version(redis, keys) == NEWEST


async def test_older_data_behind_sentinels_are_backed_up_migrated_and_restored(
    alone: World, tmp_path: Path
) -> None:
    keys = Keys(alone.prefix)
    with redis_sentinels() as shape:
        settings = {
            "REDIS_URL": "redis://not-asked/0",
            "BOT_REDIS__SENTINELS": ",".join(f"{host}:{port}" for host, port in shape.addresses),
            "BOT_REDIS__SENTINEL_SERVICE": shape.service,
            "BOT_REDIS__DATA_DIR": str(tmp_path),
        }
        url = f"redis://127.0.0.1:{shape.primary.port}/0"
        client: Redis = Redis.from_url(url, decode_responses=True)
        async with client:
            await stored_by_an_older_release(client, keys)
            bot = await alone.start_bot(**settings)
            assert await stored_version(client, keys) == NEWEST
            (file,) = (tmp_path / "backups").iterdir()
            await bot.stop()
            for command, *arguments in (
                ("restore", file, "--replace"),
                ("backup", tmp_path / "file"),
                ("bundle", tmp_path / "bundle"),
            ):
                process = await BotProcess.start(
                    alone.environment(**settings), *map(str, arguments), command=command
                )
                assert await process.ended(START_S) == 0, process.output
            assert await stored_version(client, keys) < NEWEST
            assert await client.hget(keys.meta(THREAD), "system") == "Weave."


async def test_a_check_changes_nothing_that_is_stored_and_counts_as_no_instance(
    alone: World, redis: Redis, tmp_path: Path
) -> None:
    keys = Keys(alone.prefix)
    (tmp_path / "file").write_text("no directory")
    environment = alone.environment(BOT_REDIS__DATA_DIR=str(tmp_path / "file"))
    await stored_by_an_older_release(redis, keys)
    before = await redis.lrange(keys.history(THREAD), 0, -1)
    for arguments in ((), ("--fix",)):
        check = await BotProcess.start(environment, "--json", *arguments, command="check")
        assert await check.ended(START_S) == 0, check.output
        found = {each["id"] for each in json.loads(check.output)["findings"]}
        assert Id.REDIS_SCHEMA in found
        assert Id.DATA_DIR in found
    assert await stored_version(redis, keys) == 0
    assert await redis.lrange(keys.history(THREAD), 0, -1) == before
    assert await redis.keys(keys.pulse("*")) == []


async def test_newer_data_are_refused_by_run_and_named_by_check(alone: World, redis: Redis) -> None:
    keys = Keys(alone.prefix)
    await redis.set(keys.schema, NEWEST + 1)
    bot = await BotProcess.start(alone.environment(), "--strict")
    assert await bot.ended(START_S) == Exit.NEWER_DATA, bot.output
    assert "newer release" in bot.output.splitlines()[-1]
    assert "Traceback" not in bot.output
    # The share in Discord's calls lives for seconds.
    written = {key for key in await redis.keys(f"{alone.prefix}:*") if key != keys.call_shares}
    assert written == {keys.schema}, "nothing else is written"
    check = await BotProcess.start(alone.environment(), "--json", command="check")
    assert await check.ended(START_S) == Exit.NEWER_DATA, check.output
    found = {each["id"]: each for each in json.loads(check.output)["findings"]}
    assert found[Id.REDIS_SCHEMA]["severity"] == "error"


async def test_tools_are_held_back_while_an_older_release_runs(alone: World, redis: Redis) -> None:
    keys = Keys(alone.prefix)
    await redis.set(keys.pulse("older"), "1795000000000000000", ex=PULSE_S)
    bot = await alone.start_bot(BOT_TOOLS__ON='["time_in"]')
    await bot.logged("migration_waits_for_older", number=TOOLS)
    alone.claude.say("An answer.")
    thread = await alone.converse(alone.channel(), "what time is it in Tokyo?")
    assert "tools" not in alone.asked[-1].body
    await bot.stop()
    await redis.delete(keys.pulse("older"))  # as a heartbeat that is too old
    await alone.start_bot(BOT_TOOLS__ON='["time_in"]')
    alone.claude.say(Reply.of("I look.", ToolUse("time_in", {"zone": "Asia/Tokyo"})))
    alone.claude.say("It is late.")
    await alone.settled(await alone.ann.post(thread, "and now?"))
    assert [tool["name"] for tool in alone.asked[-1].body["tools"]] == ["time_in"]
