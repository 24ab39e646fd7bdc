"""The deletion of files that nothing names, with the Files API replaced at our own seam, on a real Redis server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.claude.files import UPLOAD_TIMEOUT_S
from bot.conversation.errors import ClaudeBusy
from bot.store.conversations import Conversations
from bot.store.file_sweeps import FileSweeps
from bot.store.held_files import HeldFiles, Upload
from bot.store.keys import Keys
from bot.turns.file_cleanup import BUSY_S, RETRY_S, UNREADABLE_S, WHILE_CLAUDE_FAILS, FileCleanup
from tests.conversation.builders import message, snowflake

C = snowflake(5)
KEYS = Keys("test")


@dataclass
class Api:
    deleted: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    busy: bool = False
    breaks: set[str] = field(default_factory=set)

    async def delete(self, file_id: str) -> None:
        if self.busy:
            raise ClaudeBusy
        if file_id in self.breaks:
            raise KeyError(file_id)
        self.deleted.append(file_id)

    async def find(self, digests: dict[str, int]) -> dict[str, str]:
        return {digest: file_id for digest, file_id in self.names.items() if digest in digests}


@dataclass
class Bench:
    redis: Redis
    api: Api
    held: HeldFiles
    cleanup: FileCleanup

    async def sweep(self, conversation: int = C) -> float | None:
        """Sweep the conversation now, and return in how many seconds it is swept again."""
        await self.redis.zadd(KEYS.sweeps, {str(conversation): 0})
        await self.cleanup.sweep_due()
        due_ms = await self.redis.zscore(KEYS.sweeps, str(conversation))
        now = await self.redis.time()
        return None if due_ms is None else round(float(due_ms) / 1000 - now[0] - now[1] / 1e6)

    async def upload(self, begun_s: int, file_id: str | None) -> None:
        await self.held.record_upload(C, "d1", Upload(begun_s, file_id))

    async def now_s(self) -> int:
        return int((await self.redis.time())[0])


@pytest.fixture
def bench(redis: Redis) -> Bench:
    api, sweeps = Api(), FileSweeps(redis, KEYS)
    held = HeldFiles(redis, KEYS, ttl_s=1000, upload_s=1000, inline_bytes=1000)
    return Bench(redis, api, held, FileCleanup(sweeps, held, cast("Any", api)))


async def test_what_nothing_names_is_deleted_and_the_conversation_needs_no_further_sweep(
    bench: Bench,
) -> None:
    await bench.upload(1, "file_1")
    assert await bench.sweep() is None
    assert bench.api.deleted == ["file_1"]
    assert await bench.sweep() is None
    assert bench.api.deleted == ["file_1"]


async def test_a_deletion_that_fails_is_repeated(bench: Bench) -> None:
    await bench.upload(1, "file_1")
    bench.api.busy = True
    with capture_logs() as logs:
        assert await bench.sweep() == pytest.approx(RETRY_S, abs=5)
    assert [entry["event"] for entry in logs] == ["files_not_deleted"]
    bench.api.busy = False
    assert await bench.sweep() is None
    assert bench.api.deleted == ["file_1"]


async def test_while_claude_fails_the_pauses_grow_and_one_line_is_logged(bench: Bench) -> None:
    other = C + 1
    await bench.upload(1, "file_1")
    await bench.held.record_upload(other, "d2", Upload(1, "file_2"))
    for _ in range(2):
        bench.api.busy = True
        with capture_logs() as logs:
            for factor in (1, 2, 4):
                assert await bench.sweep() == pytest.approx(RETRY_S * factor, abs=5)
                assert await bench.sweep(other) == pytest.approx(RETRY_S * factor, abs=5)
            for _ in range(6):
                await bench.sweep()
            assert await bench.sweep() == pytest.approx(WHILE_CLAUDE_FAILS.longest_s, abs=5)
        assert [entry["event"] for entry in logs] == ["files_not_deleted"]
        bench.api.busy = False
        assert await bench.sweep() is await bench.sweep(other) is None
        assert bench.api.deleted == ["file_1", "file_2"]
        bench.api.deleted.clear()
        await bench.upload(1, "file_1")
        await bench.held.record_upload(other, "d2", Upload(1, "file_2"))


async def test_an_upload_without_an_answer_is_found_by_its_name_and_deleted(bench: Bench) -> None:
    bench.api.names = {"d1": "file_1", "d2": "file_2"}
    await bench.upload(1, None)
    assert await bench.sweep() is None
    assert bench.api.deleted == ["file_1"]


async def test_an_upload_that_may_be_under_way_is_waited_for(bench: Bench) -> None:
    await bench.upload(await bench.now_s() - round(UPLOAD_TIMEOUT_S), None)
    assert await bench.sweep() == pytest.approx(RETRY_S, abs=5)
    assert await bench.held.upload(C, "d1") is not None


async def test_while_a_turn_runs_nothing_is_deleted(bench: Bench) -> None:
    await bench.upload(1, "file_1")
    conversations = Conversations(bench.redis, KEYS, ttl_s=1000)
    await conversations.receive(C, message("hello"), source="event", channel_fields={})
    assert await bench.sweep() == pytest.approx(BUSY_S, abs=5)
    assert bench.api.deleted == []


async def test_a_history_that_another_version_wrote_is_looked_at_much_later(bench: Bench) -> None:
    await bench.upload(1, "file_1")
    await bench.redis.rpush(KEYS.history(C), '{"version":99}')
    assert await bench.sweep() == pytest.approx(UNREADABLE_S, abs=5)
    assert bench.api.deleted == []


async def test_a_sweep_that_raises_anything_is_due_again_and_delays_no_other(bench: Bench) -> None:
    other = snowflake(6)
    await bench.upload(1, "file_1")
    await bench.held.record_upload(other, "d2", Upload(1, "file_2"))
    await bench.redis.zadd(KEYS.sweeps, {str(C): 0, str(other): 1})
    bench.api.breaks.add("file_1")
    await bench.cleanup.sweep_due()
    assert bench.api.deleted == ["file_2"]
    assert await bench.redis.zscore(KEYS.sweeps, str(other)) is None
    bench.api.breaks.clear()
    assert await bench.sweep() is None
    assert bench.api.deleted == ["file_2", "file_1"]
