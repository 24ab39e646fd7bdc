"""The jobs that forget people: begun once, taken up by whoever is there, ended with a receipt."""

from __future__ import annotations

import contextlib

import pytest
from redis.asyncio import Redis

from bot.conversation.errors import StoreUnavailable
from bot.conversation.found import Found
from bot.conversation.identity import Identity
from bot.store.forget_jobs import ForgetJobs, counts
from bot.store.keys import Keys
from tests.store.outage import Outage, without_expiry

KEYS = Keys("test")
ANN = Identity(7, 1000, frozenset({"ann"}), frozenset({"Ann"}))


@pytest.fixture
def jobs(redis: Redis) -> ForgetJobs:
    return ForgetJobs(redis, KEYS)


async def test_a_job_that_is_under_way_is_not_begun_again(jobs: ForgetJobs) -> None:
    begun = await jobs.begin(ANN, "code1", next_in_s=30)
    await jobs.note_search(begun, ANN, ["{1}:h"])
    later = Identity(7, 2000, frozenset({"ann"}))
    again = await jobs.begin(later, "code2", next_in_s=30)
    assert (again.code, again.identity, again.searched) == ("code1", begun.identity, True)
    assert await jobs.left(7) == ("{1}:h",)


async def test_a_job_is_taken_up_by_nobody_else_while_somebody_works_on_it(
    redis: Redis, jobs: ForgetJobs
) -> None:
    await jobs.begin(ANN, "code", next_in_s=30)
    assert await jobs.take(30) == ()
    await redis.zadd(KEYS.forget_queue, {"7": 0})
    assert await jobs.take(30) == (7,)
    assert await jobs.take(30) == ()


async def test_a_job_does_not_end_before_every_key_is_looked_at(jobs: ForgetJobs) -> None:
    job = await jobs.begin(ANN, "code", next_in_s=30)
    assert await jobs.end(job) is None  # not searched yet
    await jobs.note_search(job, ANN, ["{1}:h", "{2}:h"])
    await jobs.note_done(7, ["{1}:h"])
    assert await jobs.end(job) is None
    await jobs.note_done(7, ["{2}:h"])
    assert await jobs.end(job) is not None


async def test_a_receipt_counts_each_step_once_and_holds_no_names(redis: Redis, jobs: ForgetJobs) -> None:
    job = await jobs.begin(ANN, "code", next_in_s=30)
    await jobs.note_search(job, ANN, ["{1}:h"])
    await jobs.note_found(job, "1:0", Found(messages=3, files=1))
    await jobs.note_found(job, "1:0", Found(messages=1))  # the step was repeated after a crash
    await jobs.note_found(job, "2:0", Found(messages=2))
    await jobs.note_done(7, ["{1}:h"])
    ended = await jobs.end(job)
    assert ended is not None
    assert ended.done
    assert counts(ended.found) == {"messages": 5, "files": 1}
    assert await jobs.end(job) == ended
    assert "ann" not in str(await redis.hgetall(KEYS.forget_job(7))).lower()
    assert not ended.told
    await jobs.note_told(ended)
    told = await jobs.get(7)
    assert told is not None
    assert told.told


async def test_a_receipt_that_is_delivered_after_the_store_has_lost_its_job_leaves_nothing(
    redis: Redis, jobs: ForgetJobs
) -> None:
    job = await jobs.begin(ANN, "code", next_in_s=30)
    await jobs.note_search(job, ANN, [])
    ended = await jobs.end(job)
    assert ended is not None
    await redis.delete(KEYS.forget_job(7))
    await jobs.note_told(ended)
    assert await jobs.get(7) is None


async def test_a_receipt_that_is_delivered_late_leaves_the_next_job_as_it_is(jobs: ForgetJobs) -> None:
    job = await jobs.begin(ANN, "code1", next_in_s=30)
    await jobs.note_search(job, ANN, [])
    ended = await jobs.end(job)
    assert ended is not None
    await jobs.begin(ANN, "code2", next_in_s=0)
    await jobs.note_told(ended)
    again = await jobs.get(7)
    assert again is not None
    assert not again.told
    assert await jobs.take(30) == (7,)


async def test_after_the_end_the_next_job_begins_afresh(jobs: ForgetJobs) -> None:
    job = await jobs.begin(ANN, "code1", next_in_s=30)
    await jobs.note_search(job, ANN, [])
    assert await jobs.end(job) is not None
    again = await jobs.begin(ANN, "code2", next_in_s=30)
    assert (again.code, again.searched, again.done, again.found) == ("code2", False, False, Found())
    assert await jobs.end(job) is None  # the code is that of another job


async def test_a_second_search_changes_nothing_once_the_first_is_noted(
    redis: Redis, jobs: ForgetJobs
) -> None:
    job = await jobs.begin(ANN, "code", next_in_s=30)
    await jobs.note_search(job, ANN, ["{1}:h"])
    await jobs.note_search(job, ANN, ["{2}:h"])
    assert await jobs.left(7) == ("{1}:h",)
    await jobs.note_found(job, "1:0", Found(messages=3))
    await jobs.note_done(7, ["{1}:h"])
    ended = await jobs.end(job)
    await jobs.note_search(job, ANN, ["{1}:h"])
    assert await jobs.get(7) == ended
    assert await jobs.left(7) == ()
    assert "ann" not in str(await redis.hgetall(KEYS.forget_job(7))).lower()


async def test_a_step_of_a_job_that_is_over_or_lost_notes_nothing(redis: Redis, jobs: ForgetJobs) -> None:
    job = await jobs.begin(ANN, "code", next_in_s=30)
    await jobs.note_search(job, ANN, [])
    await jobs.note_first(job, 5, 3)
    await jobs.note_first(job, 5, 8)
    assert await jobs.firsts(job) == {5: 3}
    await jobs.end(job)
    ended = await redis.hgetall(KEYS.forget_job(7))
    await jobs.note_found(job, "1:0", Found(messages=3))
    assert await redis.hgetall(KEYS.forget_job(7)) == ended
    assert await jobs.firsts(job) == {}
    await redis.delete(KEYS.forget_job(7))  # as after a rollback
    await jobs.note_found(job, "1:0", Found(messages=3))
    assert not await redis.exists(KEYS.forget_job(7))


async def test_more_keys_than_one_command_takes_are_noted(jobs: ForgetJobs) -> None:
    job = await jobs.begin(ANN, "code", next_in_s=30)
    keys = [f"{{{number}}}:h" for number in range(2500)]
    await jobs.note_search(job, ANN, keys)
    assert set(await jobs.left(7)) == set(keys)
    found = await jobs.get(7)
    assert found is not None
    assert found.searched


async def test_what_is_noted_of_a_receipt_that_has_expired_meanwhile_expires(
    redis: Redis, jobs: ForgetJobs
) -> None:
    job = await jobs.begin(ANN, "code", next_in_s=30)
    await redis.delete(KEYS.forget_job(7), KEYS.forget_left(7))
    await jobs.note_told(job)
    with Outage(redis, 1), contextlib.suppress(StoreUnavailable):
        await jobs.note_copies(7, (1,))
    assert not await without_expiry(redis, KEYS.forget_job(7), KEYS.forget_left(7))
