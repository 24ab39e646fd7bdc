"""The files that conversations hold, on a real Redis server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from bot.conversation.content import FileSource, InlineSource
from bot.conversation.errors import Fenced
from bot.store.claim import Lease
from bot.store.held_files import Held, HeldFiles, Upload
from bot.store.key_lifetimes import UPLOADS_S
from bot.store.keys import Keys
from tests.store.claims import lease_of
from tests.store.clock import Clock

C, D = 77, 78
LEASE = Lease(C, 1)
KEYS = Keys("test")
TTL_S, UPLOAD_S, CAP = 1000, 5000, 100
UPLOADED, INLINE = FileSource("file_1"), InlineSource("image/png", "b1")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def files(redis: Redis, clock: Clock) -> HeldFiles:
    assert await lease_of(redis, KEYS, C) == LEASE
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
    await files.inline.put(LEASE, "b1", "cG5n")
    other, lost = FileSource("file_2"), InlineSource("image/png", "b2")
    held = await files.held(C, [UPLOADED, INLINE, other, lost])
    assert held == Held(frozenset({other, lost}), 0, {"b1": "cG5n"})
    assert (await files.held(D, [UPLOADED, INLINE])).gone == {UPLOADED, INLINE}


async def test_who_has_lost_the_lease_begins_no_upload(redis: Redis, files: HeldFiles) -> None:
    with pytest.raises(Fenced):
        await files.begin_upload(Lease(C, LEASE.token - 1), "a1")
    assert not await redis.exists(KEYS.uploads(C))


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
    await files.forget_upload(C, "a3", Upload(1_000_000))
    assert await files.upload(C, "a3") is None


class Renewing(Redis):
    """Has a turn upload a content again right after the uploads were read."""

    renew: Callable[[], Awaitable[None]]

    async def hgetall(self, name: Any) -> Any:
        found = await super().hgetall(name)
        await self.renew()
        return found


@pytest.mark.parametrize("forgets", [False, True], ids=["held", "forget_uploads"])
async def test_an_upload_that_is_renewed_meanwhile_is_not_forgotten(
    redis_url: str, files: HeldFiles, clock: Clock, *, forgets: bool
) -> None:
    await uploaded(files)
    clock.now += UPLOAD_S
    other = cast("Renewing", Renewing.from_url(redis_url, decode_responses=True))
    other.renew = lambda: uploaded(files, file_id="file_2")
    looking = HeldFiles(other, KEYS, ttl_s=TTL_S, upload_s=UPLOAD_S, inline_bytes=CAP, now_s=clock)
    if forgets:
        await looking.forget_uploads(C, {"file_1"})
    else:
        assert (await looking.held(C, [UPLOADED])).gone == {UPLOADED}
    await other.aclose()
    upload = await files.upload(C, "a1")
    assert upload is not None
    assert upload.file_id == "file_2"


async def test_an_upload_that_has_failed_leaves_that_of_another_worker(files: HeldFiles) -> None:
    begun = await files.begin_upload(LEASE, "a1")
    await uploaded(files)
    await files.forget_upload(C, "a1", begun)
    assert await files.upload(C, "a1") == Upload(begun.begun_s, "file_1")
