"""How often a bot looks at what another one is working on."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

import pytest
import structlog
from redis.asyncio import Redis

from bot.store.claim import Claim
from bot.store.conversations import Conversations
from bot.store.journal import Journal
from bot.store.keys import Keys
from bot.store.work_queue import WorkQueue
from bot.turns import turn_slots
from bot.turns.dispatch import Dispatcher
from bot.turns.run import Runner
from tests.conversation.builders import message, snowflake
from tests.patience import idle_timeout

C = snowflake(5)
LEASE_S = 0.1
TIME_S = 0.4


class Counting(Journal):
    """Counts how often it was asked for a lease."""

    claims = 0

    async def claim(self, conversation: int, owner: str) -> Any:
        self.claims += 1
        return await super().claim(conversation, owner)


async def renewing(journal: Journal, held: Any) -> None:
    for _ in range(16):
        await journal.renew(held)
        await asyncio.sleep(TIME_S / 16)


async def test_looking_at_what_somebody_else_holds_does_not_become_more_and_more(redis: Redis) -> None:
    keys = Keys("test")
    await Conversations(redis, keys, ttl_s=100).receive(
        C, message("hello"), source="event", channel_fields={}
    )
    other = Journal(redis, keys, ttl_s=100, lease_s=LEASE_S, reconcile_s=1)
    held = await other.claim(C, "other")
    journal = Counting(redis, keys, ttl_s=100, lease_s=LEASE_S, reconcile_s=1)
    dispatcher = Dispatcher(
        journal, WorkQueue(redis, keys), cast("Runner", None), poll_s=0.01, max_concurrent=1
    )
    watching = asyncio.create_task(dispatcher.watch())
    await renewing(other, held)
    watching.cancel()
    looked, began_s = journal.claims, time.monotonic()
    await renewing(other, held)
    looks, passed_s = journal.claims - looked, time.monotonic() - began_s
    await dispatcher.stop(1)
    # Each look waits for the rest of the lease, which is more than half of it.
    assert 1 <= looks <= 1 + passed_s / (LEASE_S / 2)


class Slow(Runner):
    """Takes its time with every turn, and notes how many run at once."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.running = self.most = self.done = 0

    async def run(self, claim: Claim, _: asyncio.Event, __: asyncio.Event | None = None) -> int:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.02)
        self.running -= 1
        self.done += 1
        return await self._journal.cancel(claim)


async def test_no_more_turns_run_at_once_than_the_operator_wants(redis: Redis) -> None:
    keys = Keys("test")
    conversations = Conversations(redis, keys, ttl_s=100)
    journal = Journal(redis, keys, ttl_s=100, lease_s=1, reconcile_s=1)
    runner = Slow(journal)
    dispatcher = Dispatcher(journal, WorkQueue(redis, keys), runner, poll_s=0.01, max_concurrent=3)
    places = [snowflake(5 + number) for number in range(12)]
    for place in places:
        await conversations.receive(place, message("hello"), source="event", channel_fields={})
        dispatcher.wake(place)
    async with idle_timeout(5):
        while runner.done < len(places):
            # Who waits for a slot holds no lease.
            leases = [await redis.hget(keys.lease(place), "expires") for place in places]
            assert sum(lease not in (None, "0") for lease in leases) <= 3 + runner.done
            await asyncio.sleep(0.005)
    await dispatcher.stop(1)
    assert runner.most == 3


async def test_who_waits_for_a_slot_starts_nothing_once_the_bot_stops(redis: Redis) -> None:
    keys = Keys("test")
    conversations = Conversations(redis, keys, ttl_s=100)
    journal = Journal(redis, keys, ttl_s=100, lease_s=1, reconcile_s=1)
    runner = Slow(journal)
    dispatcher = Dispatcher(journal, WorkQueue(redis, keys), runner, poll_s=1, max_concurrent=1)
    for number in range(3):
        await conversations.receive(
            snowflake(5 + number), message("hello"), source="event", channel_fields={}
        )
        dispatcher.wake(snowflake(5 + number))
    async with idle_timeout(5):
        while not runner.running:  # noqa: ASYNC110 - the dispatcher's task changes it
            await asyncio.sleep(0)
    await dispatcher.stop(1)
    assert runner.done == 1


class Noting(Slow):
    """Notes the order of the turns, and who is told that others come first."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self.order: list[int] = []
        self.told: dict[int, int] = {}

    async def run(self, claim: Claim, arrivals: asyncio.Event, wakeup: asyncio.Event | None = None) -> int:
        self.order.append(claim.conversation)
        return await super().run(claim, arrivals, wakeup)

    async def tell_waiting(self, claim: Claim, before: int) -> None:
        self.told[claim.conversation] = before


async def test_a_busy_server_does_not_keep_a_small_one_waiting(redis: Redis) -> None:
    keys = Keys("test")
    conversations = Conversations(redis, keys, ttl_s=100)
    journal = Journal(redis, keys, ttl_s=100, lease_s=1, reconcile_s=1)
    runner = Noting(journal)
    dispatcher = Dispatcher(
        journal,
        WorkQueue(redis, keys),
        runner,
        poll_s=1,
        max_concurrent=1,
        server_of=conversations.server,
    )
    busy = [snowflake(5 + number) for number in range(8)]
    small = snowflake(50)
    for place in [*busy, small]:
        server = {"guild": 2 if place == small else 1}
        await conversations.receive(place, message("hello"), source="event", channel_fields=server)
        dispatcher.wake(place)
    async with idle_timeout(5):
        while runner.done < len(busy) + 1:  # noqa: ASYNC110 - the dispatcher's task changes it
            await asyncio.sleep(0.005)
    await dispatcher.stop(1)
    assert runner.order.index(small) <= 3
    assert [place for place in runner.order if place != small] == busy


async def test_who_waits_for_long_is_told_and_answered_all_the_same(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_slots, "TELL_AFTER_S", 0.0)
    keys = Keys("test")
    conversations = Conversations(redis, keys, ttl_s=100)
    journal = Journal(redis, keys, ttl_s=100, lease_s=1, reconcile_s=1)
    runner = Noting(journal)
    dispatcher = Dispatcher(journal, WorkQueue(redis, keys), runner, poll_s=1, max_concurrent=1)
    places = [snowflake(5 + number) for number in range(6)]
    for place in places:
        await conversations.receive(place, message("hello"), source="event", channel_fields={})
        dispatcher.wake(place)
    async with idle_timeout(5):
        while runner.done < len(places):  # noqa: ASYNC110 - the dispatcher's task changes it
            await asyncio.sleep(0.005)
    await dispatcher.stop(1)
    assert runner.order == places
    assert runner.told
    assert set(runner.told) <= set(places[1:])


class Watched(Slow):
    """Notes for how many conversations the dispatcher says that they run and wait, and what the log says of turns."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self.dispatcher: Dispatcher | None = None
        self.seen: set[tuple[int, int]] = set()
        self.turns: dict[int, object] = {}

    async def run(self, claim: Claim, arrivals: asyncio.Event, wakeup: asyncio.Event | None = None) -> int:
        assert self.dispatcher is not None
        await asyncio.sleep(0.01)
        self.seen.add((self.dispatcher.running, self.dispatcher.waiting))
        self.turns[claim.turn_id] = structlog.contextvars.get_contextvars().get("turn")
        if claim.conversation == snowflake(5):
            self.dispatcher.wake(snowflake(99))  # in the context of this turn
        return await super().run(claim, arrivals, wakeup)


async def test_what_runs_and_what_waits_is_counted_and_each_turn_has_the_log_to_itself(redis: Redis) -> None:
    keys = Keys("test")
    conversations = Conversations(redis, keys, ttl_s=100)
    journal = Journal(redis, keys, ttl_s=100, lease_s=1, reconcile_s=1)
    runner = Watched(journal)
    dispatcher = Dispatcher(journal, WorkQueue(redis, keys), runner, poll_s=10, max_concurrent=1)
    runner.dispatcher = dispatcher
    for number in (5, 6, 99):
        await conversations.receive(snowflake(number), message("hello"), source="event", channel_fields={})
    for number in (5, 6):
        dispatcher.wake(snowflake(number))
    async with idle_timeout(5):
        while runner.done < 3:  # noqa: ASYNC110 - the dispatcher's tasks change it
            await asyncio.sleep(0.005)
    await dispatcher.stop(1)
    assert (1, 1) in runner.seen
    assert all(turn == named for turn, named in runner.turns.items())
    assert (dispatcher.running, dispatcher.waiting) == (0, 0)
    assert structlog.contextvars.get_contextvars() == {}
