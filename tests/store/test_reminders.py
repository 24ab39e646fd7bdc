"""Reminders in the store: kept once, counted by person, changed by compare-and-set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.conversation.reminder import MOST_PER_PERSON
from bot.conversation.shards import Shards
from bot.store.keys import Keys
from bot.store.reminders import Reminders
from bot.store.removed_places import RemovedPlaces
from tests.conversation.test_reminder import NOW, reminder

KEYS = Keys("test")


async def test_the_same_reminder_is_kept_once(redis: Redis) -> None:
    book = Reminders(redis, KEYS)
    assert await book.add(reminder(), 5) == reminder()
    later = replace(reminder(), due_ms=NOW + 60_000)
    assert await book.add(later, 65) == reminder()
    assert await book.of(1) == (reminder(),)
    assert await book.of_person(77) == (reminder(),)


async def test_a_reminder_is_due_at_its_time_where_a_look_comes_between_its_steps(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Reminders(redis, KEYS)
    await book.add(reminder(), 0)
    schedule, seen = book.due.schedule, []

    async def and_looked_at(conversation: int, in_s: float) -> None:
        await schedule(conversation, in_s)
        for item in await book.due.take(60):
            seen.append(await book.of(item.id))
            await book.due.done(item, 24 * 3600)

    monkeypatch.setattr(book.due, "schedule", and_looked_at)
    await book.add(replace(reminder(), id=9), 300)
    assert seen == [(reminder(),)]
    score, (now_s, _) = await redis.zscore(KEYS.reminders_due, "1"), await redis.time()
    assert score is not None
    assert float(score) / 1000 - now_s < 302


async def test_one_that_was_delivered_is_not_set_again_by_a_repeated_call(redis: Redis) -> None:
    book = Reminders(redis, KEYS)
    await book.add(reminder(), 5)
    await book.change(1, reminder().id, lambda each: each.posted(NOW))
    again = await book.add(reminder(), 5)
    assert again is not None
    assert again.has_ended
    assert await book.of_person(77) == ()


async def test_a_person_has_a_bounded_number_in_all_places(redis: Redis) -> None:
    book = Reminders(redis, KEYS)
    for number in range(MOST_PER_PERSON):
        assert await book.add(replace(reminder(), id=number + 1, conversation=number + 1), 5)
    assert await book.add(replace(reminder(), id=99), 5) is None
    assert await book.add(replace(reminder(), id=99, person=78), 5) is not None
    await book.change(3, 3, lambda each: each.ended("cancelled", NOW))
    assert await book.add(replace(reminder(), id=99), 5) is not None


async def test_reminders_that_went_with_their_thread_do_not_count(redis: Redis) -> None:
    book = Reminders(redis, KEYS)
    for number in range(MOST_PER_PERSON):
        assert await book.add(replace(reminder(), id=number + 1), 5)
    await RemovedPlaces(redis, KEYS).erase_conversation(1)
    assert await book.add(replace(reminder(), id=99, conversation=2), 5) is not None
    assert await redis.hlen(KEYS.person_reminders(77)) == 1


async def test_a_reminder_is_listed_and_counts_although_a_list_was_made_between_its_steps(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, seen = Reminders(redis, KEYS), []
    hsetnx = redis.hsetnx

    async def after_a_list(name: str, key: str, value: str) -> Any:
        seen.append(await book.of_person(77))
        return await hsetnx(name, key, value)

    monkeypatch.setattr(redis, "hsetnx", after_a_list)
    await book.add(reminder(), 5)
    assert seen == [()]
    assert await book.of_person(77) == (reminder(),)


async def test_one_of_two_instances_takes_a_step(redis: Redis) -> None:
    book = Reminders(redis, KEYS)
    await book.add(reminder(), 5)
    first, taken = await book.change(1, reminder().id, lambda each: each.begun("a", NOW))
    _, also = await book.change(
        1, reminder().id, lambda each: each.begun("b", NOW) if each == reminder() else None
    )
    assert (taken, also, first and first.owner) == (True, False, "a")


async def test_a_reminder_goes_with_its_thread_and_stays_where_the_thread_is_only_quiet(redis: Redis) -> None:
    book, places = Reminders(redis, KEYS), RemovedPlaces(redis, KEYS)
    await book.add(reminder(), 5)
    await places.erase_conversation(1, older_than=1 << 62, keeps_reminders=True)
    assert await book.of(1) == (reminder(),)
    await places.erase_conversation(1)
    assert await book.of(1) == ()
    assert await redis.zcard(KEYS.reminders_due) == 0
    assert await book.of_person(77) == ()
    assert await redis.hlen(KEYS.person_reminders(77)) == 0


async def test_a_reminder_is_for_the_process_of_its_server_also_when_its_conversation_has_expired(
    redis: Redis,
) -> None:
    server = 1 << 22
    await Reminders(redis, KEYS).add(replace(reminder(), server=server), -5)
    for shards, due in ((Shards((0,), 2), 0), (Shards((1,), 2), 1), (Shards(), 0)):
        assert len(await Reminders(redis, KEYS, shards).due.take(60)) == due, shards
