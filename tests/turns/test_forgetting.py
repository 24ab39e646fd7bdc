"""Forgetting a person on a real Redis server, while turns run beside."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.conversation.found import Found
from bot.conversation.identity import Identity
from bot.conversation.message import Quote, Quoted
from bot.store.examination import Examination
from bot.store.forget_jobs import ForgetJobs
from bot.store.key_reader import KeyReader
from bot.store.person_search import PersonSearch
from bot.store.recent_messages import RecentMessages
from bot.turns.person_data import by_tag
from tests.conversation.builders import ANN, BEN, message, snowflake
from tests.store.stage import KEYS, C
from tests.turns.forgetting_stage import OF_BEN, SECRET, WHO, Bench, bench, forgetting_of

__all__ = ["bench"]


async def test_what_is_answered_and_what_waits_goes(bench: Bench) -> None:
    await bench.store.answer(SECRET, reply="about the secret")
    await bench.store.hear(message("another secret", number=40))
    job = await bench.forget()
    assert await bench.holds() == []
    assert job.found == Found(messages=2, replies=1)
    assert C in bench.woken.conversations


async def test_a_repeated_job_finds_nothing(bench: Bench) -> None:
    await bench.store.answer(SECRET, OF_BEN)
    await bench.forget()
    assert (await bench.forget()).found == Found()
    assert await bench.forgetting.data.verify(WHO) == Found()


async def test_a_job_that_was_left_goes_on_where_it_stood_and_counts_once(bench: Bench) -> None:
    await bench.store.answer(SECRET)
    begun = await bench.forgetting.begin(WHO)
    jobs = ForgetJobs(bench.redis, KEYS)
    search = PersonSearch(KeyReader(bench.redis, KEYS))
    who, names = await search.search(WHO)
    await jobs.note_search(begun, who, names)
    # What a killed instance has done of the step: it has counted, and removed the record.
    groups = by_tag(names)
    examined = await Examination(bench.redis, KEYS).examine(C, groups[C], who)
    await jobs.note_found(begun, f"{C}:0", examined.found)
    await bench.store.delete(C, SECRET.id)
    job = await bench.forgetting.run(ANN.id)
    assert job is not None
    assert job.found == Found(messages=1, replies=1)
    assert await bench.holds() == []


async def test_the_receipt_of_a_job_that_nobody_waits_for_comes_by_direct_message(bench: Bench) -> None:
    await bench.store.answer(SECRET)
    await bench.forgetting.begin(WHO)
    await bench.redis.zadd(KEYS.forget_queue, {str(ANN.id): 0})
    watching = asyncio.create_task(bench.forgetting.watch(every_s=0.01))
    async with asyncio.timeout(10):
        while not bench.told:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        while await bench.redis.zcard(KEYS.forget_queue):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert "1 message and 1 reply to you alone" in bench.told[0]
    job = await bench.forgetting.latest(ANN.id)
    assert job is not None
    assert job.told


async def test_a_receipt_that_cannot_be_delivered_waits_for_the_next_command(bench: Bench) -> None:
    bench.takes_messages = False
    await bench.forgetting.begin(WHO)
    await bench.redis.zadd(KEYS.forget_queue, {str(ANN.id): 0})
    watching = asyncio.create_task(bench.forgetting.watch(every_s=0.01))
    async with asyncio.timeout(10):
        while await bench.redis.zcard(KEYS.forget_queue):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    job = await bench.forgetting.latest(ANN.id)
    assert job is not None
    assert (job.done, job.told) == (True, False)


async def test_two_instances_that_search_for_the_same_job_leave_one_receipt_that_counts_all(
    bench: Bench,
) -> None:
    await bench.store.answer(SECRET, OF_BEN)
    await bench.forgetting.begin(WHO)
    reached, go_on = asyncio.Event(), asyncio.Event()
    slow = forgetting_of(bench)
    search = slow.data._search.search

    async def searched(who: Identity) -> tuple[Identity, tuple[str, ...]]:
        found = await search(who)
        reached.set()
        await go_on.wait()
        return found

    slow.data._search.search = searched  # type: ignore[method-assign]
    other = asyncio.create_task(slow.run(ANN.id))
    await reached.wait()
    job = await bench.forgetting.run(ANN.id)
    go_on.set()
    assert await asyncio.wait_for(other, 10) == job
    assert await bench.forgetting.latest(ANN.id) == job
    assert job is not None
    assert job.found == Found(messages=1)


async def test_a_message_that_was_just_accepted_is_forgotten_where_it_waits_for_its_copy(
    bench: Bench,
) -> None:
    recent = RecentMessages(bench.redis, KEYS)
    await recent.note(5, 6, SECRET, is_proxied=False)
    quoting = replace(OF_BEN, quotes=(Quote("reply", C, (Quoted(SECRET.id, "a secret", author=ANN),)),))
    await recent.note(5, 6, quoting, is_proxied=False)
    await recent.note(5, 6, message("hello", author=BEN, number=33), is_proxied=False)
    after = replace(WHO, before=snowflake(31) + 1)
    await recent.note(5, 6, message("another secret", number=32), is_proxied=False)
    await bench.forget(after)
    assert await bench.holds() == [KEYS.recent_text(5, snowflake(32))]
    assert await bench.holds("hello") == [KEYS.recent_text(5, snowflake(33))]


async def test_a_job_that_fails_keeps_no_other_waiting(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    told = list[int]()

    async def tell(person: int, _text: str) -> bool:
        if person == ANN.id:
            raise KeyError(person)
        told.append(person)
        return True

    monkeypatch.setattr(bench.forgetting, "_tell", tell)
    await bench.forgetting.begin(WHO)
    await bench.forgetting.begin(replace(WHO, person=BEN.id))
    await bench.redis.zadd(KEYS.forget_queue, {str(ANN.id): 0, str(BEN.id): 1})
    watching = asyncio.create_task(bench.forgetting.watch(every_s=0.01))
    async with asyncio.timeout(10):
        while not told:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert told == [BEN.id]
    assert await bench.redis.zscore(KEYS.forget_queue, str(ANN.id)) is not None
