"""The files that conversations hold, on a real Redis server."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.conversation.content import FileSource, InlineSource
from bot.conversation.errors import Fenced
from bot.store.claim import Lease
from bot.store.held_files import INLINE_SLACK_S, Held, HeldFiles, Upload
from bot.store.key_lifetimes import UPLOADS_S
from bot.store.keys import Keys
from tests.store.claims import lease_of

C, D = 77, 78
LEASE, OF_D = Lease(C, 1), Lease(D, 1)
KEYS = Keys("test")
TTL_S, UPLOAD_S, CAP = 1000, 5000, 100
UPLOADED, INLINE = FileSource("file_1"), InlineSource("image/png", "b1")


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def files(redis: Redis, clock: Clock) -> HeldFiles:
    for lease in (LEASE, OF_D):
        assert await lease_of(redis, KEYS, lease.conversation) == lease
    return HeldFiles(redis, KEYS, ttl_s=TTL_S, upload_s=UPLOAD_S, inline_bytes=CAP, now_s=clock)


async def uploaded(files: HeldFiles, digest: str = "a1", file_id: str = "file_1") -> None:
    begun = await files.begin_upload(LEASE, digest)
    await files.record_upload(C, digest, Upload(begun.begun_s, file_id))


async def test_an_upload_is_known_by_its_content_from_its_beginning_on(
    redis: Redis, files: HeldFiles
) -> None:
    assert await files.upload(C, "a1") is None
    begun = await files.begin_upload(LEASE, "a1")
    assert await files.upload(C, "a1") == begun == Upload(1_000_000)
    await files.record_upload(C, "a1", Upload(begun.begun_s, "file_1"))
    assert await files.upload(C, "a1") == Upload(1_000_000, "file_1")
    assert await files.upload(D, "a1") is None
    assert TTL_S < await redis.ttl(KEYS.uploads(C)) <= UPLOADS_S
    assert await redis.zscore(KEYS.sweeps, str(C)) is not None


async def test_what_the_conversation_does_not_hold_is_gone(files: HeldFiles) -> None:
    await uploaded(files)
    await files.put_inline(LEASE, "b1", "cG5n")
    other, lost = FileSource("file_2"), InlineSource("image/png", "b2")
    held = await files.held(C, [UPLOADED, INLINE, other, lost])
    assert held == Held(frozenset({other, lost}), 0, {"b1": "cG5n"})
    assert (await files.held(D, [UPLOADED, INLINE])).gone == {UPLOADED, INLINE}


async def test_who_has_lost_the_lease_begins_no_upload_and_stores_no_bytes(
    redis: Redis, files: HeldFiles
) -> None:
    lost = Lease(C, LEASE.token - 1)
    with pytest.raises(Fenced):
        await files.begin_upload(lost, "a1")
    with pytest.raises(Fenced):
        await files.put_inline(lost, "b1", "cG5n")
    assert not await redis.exists(KEYS.uploads(C), KEYS.inline(C))


async def test_an_upload_that_has_expired_is_gone_and_told_once(files: HeldFiles, clock: Clock) -> None:
    await uploaded(files)
    clock.now += UPLOAD_S
    assert await files.upload(C, "a1") is None
    assert await files.held(C, [UPLOADED]) == Held(frozenset({UPLOADED}), 1, {})
    assert await files.held(C, [UPLOADED]) == Held(frozenset({UPLOADED}), 0, {})


async def test_the_first_recorded_upload_of_a_content_stays_and_the_other_one_is_to_be_deleted(
    files: HeldFiles,
) -> None:
    late = await files.begin_upload(LEASE, "a1")
    await uploaded(files)
    assert await files.record_upload(C, "a1", Upload(late.begun_s, "file_2")) == Upload(1_000_000, "file_1")
    assert await files.record_upload(C, "a1", Upload(late.begun_s, "file_1")) == Upload(1_000_000, "file_1")
    assert await files.begin_upload(LEASE, "a1") == Upload(1_000_000, "file_1")
    assert (await files.held(C, [UPLOADED])).gone == frozenset()
    assert await files.discarded(C) == ("file_2",)
    assert await files.discarded(D) == ()


async def test_a_content_whose_upload_has_expired_is_uploaded_again(files: HeldFiles, clock: Clock) -> None:
    await uploaded(files)
    clock.now += UPLOAD_S
    begun = await files.begin_upload(LEASE, "a1")
    assert begun == Upload(int(clock.now))
    assert await files.record_upload(C, "a1", replace(begun, file_id="file_2")) == await files.upload(C, "a1")
    assert await files.discarded(C) == ()


async def test_uploads_that_the_api_no_longer_has_are_forgotten(files: HeldFiles) -> None:
    await uploaded(files)
    await uploaded(files, "a2", "file_2")
    await files.begin_upload(LEASE, "a3")
    await files.forget_uploads(C, {"file_1", "file_9"})
    assert (await files.held(C, [UPLOADED, FileSource("file_2")])).gone == {UPLOADED}
    assert await files.upload(C, "a3") is not None
    await files.forget_upload(C, "a3")
    assert await files.upload(C, "a3") is None


async def test_bytes_are_stored_once_and_live_longer_than_the_history(redis: Redis, files: HeldFiles) -> None:
    for _ in range(3):
        await files.put_inline(LEASE, "b1", "cG5n")
    assert await redis.hgetall(KEYS.inline(C)) == {"b1": "cG5n"}
    assert await redis.zcard(KEYS.inline_index) == 1
    assert TTL_S < await redis.ttl(KEYS.inline(C)) <= TTL_S + INLINE_SLACK_S


async def test_beyond_the_cap_the_bytes_go_that_were_not_used_for_longest(
    redis: Redis, files: HeldFiles, clock: Clock
) -> None:
    for lease, digest in ((LEASE, "b1"), (LEASE, "b2"), (OF_D, "b3")):
        await files.put_inline(lease, digest, "x" * 30)
        clock.now += 1
    await files.held(C, [INLINE])
    clock.now += 1
    with capture_logs() as logs:
        await files.put_inline(OF_D, "b4", "x" * 50)
    assert [entry["event"] for entry in logs] == ["inline_files_evicted"]
    second, third = InlineSource("image/png", "b2"), InlineSource("image/png", "b3")
    assert (await files.held(C, [INLINE, second])).gone == {second}
    assert (await files.held(D, [third])).gone == {third}
    assert await redis.hkeys(KEYS.inline(D)) == ["b4"]


async def test_bytes_that_went_with_their_conversation_are_not_counted(
    redis: Redis, files: HeldFiles, clock: Clock
) -> None:
    await files.put_inline(LEASE, "b1", "x" * 60)
    clock.now += 1
    await files.put_inline(OF_D, "b3", "x" * 40)
    await redis.delete(KEYS.inline(D))
    await files.put_inline(OF_D, "b4", "x" * 40)
    assert not (await files.held(C, [INLINE])).gone
    assert await redis.zcard(KEYS.inline_index) == 2


async def test_the_latest_bytes_are_never_those_that_go(files: HeldFiles) -> None:
    await files.put_inline(LEASE, "b1", "x" * (CAP + 1))
    assert not (await files.held(C, [INLINE])).gone


async def test_bytes_that_were_not_used_for_the_life_of_a_conversation_are_not_counted(
    redis: Redis, files: HeldFiles, clock: Clock
) -> None:
    await files.put_inline(LEASE, "b1", "x" * 60)
    clock.now += TTL_S + INLINE_SLACK_S + 1
    await files.put_inline(OF_D, "b3", "x" * 60)
    assert await redis.hkeys(KEYS.inline(C)) == ["b1"]
    assert await redis.zcard(KEYS.inline_index) == 1
