"""Requests of people to stop, regenerate and continue, on a real Redis server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.store.claim import BY_ANOTHER, Idle, Presser
from bot.store.journal import Done, Journal
from bot.store.key_lifetimes import DONE_RECORD_S
from bot.store.removed_places import RemovedPlaces
from bot.store.states import State
from bot.store.turn_control import RegenerateResult
from tests.conversation.builders import ANN, BEN, snowflake
from tests.store.stage import KEYS, ONE, THREE, TWO, C, RevisedStore


@pytest.fixture
def store(redis: Redis) -> RevisedStore:
    return RevisedStore(redis)


async def test_the_last_turn_waits_again_with_its_messages_and_those_of_its_reply(
    store: RevisedStore,
) -> None:
    done = await store.answer(ONE, TWO)
    assert await store.control.regenerate(C, done.turn_id, "w1") is RegenerateResult.OK
    claim = await store.claim()
    assert (claim.turn_id, claim.batch.messages, claim.attempt.replies) == (ONE.id, (ONE, TWO), {0: 77})
    assert (
        claim.attempt.state,
        claim.attempt.regeneration,
        claim.attempt.number,
        claim.attempt.unconfirmed,
    ) == (State.POSTED, 1, 1, ())
    assert claim.earlier.entry is not None
    assert claim.earlier.entry.reply == "answer"
    assert claim.history == ()


async def test_a_request_of_somebody_else_is_told_from_those_of_who_asked(store: RevisedStore) -> None:
    done = await store.answer(ONE)
    found = []
    for request in (f"900{BY_ANOTHER}", "901"):
        await store.control.regenerate(C, done.turn_id, request)
        claim = await store.claim()
        found.append(claim.attempt.by_another)
        await store.commit(claim, request)
        await store.journal.acknowledge(claim, reconcile=False)
    assert found == [True, False]


async def test_security_the_person_who_requests_an_answer_pays_for_it_and_who_asked_stays_known(
    store: RevisedStore,
) -> None:
    done = await store.answer(ONE)
    await store.control.regenerate(C, done.turn_id, "900", payer=Presser(66, frozenset({7, 8})))
    claim = await store.claim()
    assert (claim.payer.person, claim.payer.roles) == (66, frozenset({7, 8}))
    assert claim.asker == done.payer
    await store.commit(claim, "new")
    await store.journal.acknowledge(claim, reconcile=False)
    assert "payer" not in await store.redis.hgetall(KEYS.record(C, done.turn_id))


@pytest.mark.parametrize("how", ["reset", "erased"])
async def test_who_requests_an_answer_is_forgotten_with_the_conversation(
    store: RevisedStore, how: str
) -> None:
    done = await store.answer(ONE)
    await store.control.regenerate(C, done.turn_id, "900", payer=Presser(66, frozenset()))
    if how == "reset":
        await store.conversations.reset(C, before=snowflake(100))
    else:
        await RemovedPlaces(store.redis, KEYS).erase_conversation(C)
    assert not {"payload", "payer"} & (await store.redis.hgetall(KEYS.record(C, done.turn_id))).keys()


async def test_an_answer_that_nobody_requests_is_paid_for_by_who_asked(store: RevisedStore) -> None:
    done = await store.answer(ONE)
    await store.control.regenerate(C, done.turn_id, "edit")
    assert (await store.claim()).payer == done.payer


async def test_the_new_answer_takes_the_place_of_the_old_one_in_the_history(store: RevisedStore) -> None:
    await store.answer(ONE, reply="first")
    done = await store.answer(TWO, reply="old")
    for number in range(3):
        await store.control.regenerate(C, done.turn_id, f"w{number}")
        claim = await store.claim()
        await store.commit(claim, f"new {number}")
        await store.commit(claim, f"new {number}")
        await store.journal.acknowledge(claim, reconcile=False)
    assert [entry.reply for entry in await store.history()] == ["first", "new 2"]


async def test_a_repeated_request_counts_once_and_another_waits_for_the_end(store: RevisedStore) -> None:
    done = await store.answer(ONE)
    assert [await store.control.regenerate(C, done.turn_id, wish) for wish in ("w1", "w1", "w2")] == [
        RegenerateResult.OK,
        RegenerateResult.OK,
        RegenerateResult.BUSY,
    ]
    claim = await store.claim()
    await store.commit(claim, "new")
    await store.journal.acknowledge(claim, reconcile=False)
    assert await store.control.regenerate(C, done.turn_id, "w1") is RegenerateResult.OK
    assert await store.journal.claim(C, "me") == Idle()


async def test_only_the_last_turn_is_regenerated_and_none_while_a_message_waits(store: RevisedStore) -> None:
    first = await store.answer(ONE)
    second = await store.answer(TWO)
    assert await store.control.regenerate(C, first.turn_id, "w1") is RegenerateResult.OLD
    await store.hear(THREE)
    assert await store.control.regenerate(C, second.turn_id, "w2") is RegenerateResult.BUSY


async def test_a_turn_before_a_reset_is_not_regenerated_and_its_text_is_gone(store: RevisedStore) -> None:
    done = await store.answer(ONE)
    await store.conversations.reset(C, before=snowflake(50))
    assert await store.control.regenerate(C, done.turn_id, "w1") is RegenerateResult.OLD
    assert not await store.redis.hexists(KEYS.record(C, ONE.id), "payload")
    assert not await store.redis.exists(KEYS.result(C, ONE.id))


async def test_only_the_last_turn_keeps_its_text_beside_the_history(store: RevisedStore) -> None:
    await store.answer(ONE)
    await store.answer(TWO)
    held = [await store.redis.hexists(KEYS.record(C, each.id), "payload") for each in (ONE, TWO)]
    assert held == [False, True]


async def test_a_continuation_does_not_make_the_next_regeneration_one(store: RevisedStore) -> None:
    done = await store.answer(ONE)
    await store.control.regenerate(C, done.turn_id, "w1", continues=True)
    claim = await store.claim()
    assert claim.earlier.continuing
    assert claim.earlier.continued == claim.earlier.entry
    await store.commit(claim, "answer and more")
    await store.journal.acknowledge(claim, reconcile=False)
    await store.control.regenerate(C, done.turn_id, "w2")
    assert not (await store.claim()).earlier.continuing


async def test_the_message_that_carried_the_buttons_before_is_named_once(store: RevisedStore) -> None:
    await store.answer(ONE, posted=71)
    await store.hear(TWO)
    claim = await store.claim()
    await store.commit(claim, "two")
    assert await store.journal.acknowledge(claim, reconcile=False, buttons=72) == Done(0, 71)
    assert await store.journal.acknowledge(claim, reconcile=False, buttons=72) == Done(0)


async def test_the_last_turn_is_known_as_long_as_its_conversation_and_older_ones_for_a_week(
    store: RevisedStore,
) -> None:
    year_s = 365 * 24 * 3600
    store.journal = Journal(store.redis, KEYS, ttl_s=year_s, lease_s=5.0, reconcile_s=0.0)

    async def lifetimes_s() -> list[int]:
        found = [await store.redis.ttl(KEYS.record(C, each.id)) for each in (ONE, TWO, THREE)]
        return [round(each, -1) for each in found]

    await store.answer(ONE, TWO)
    assert (await lifetimes_s())[:2] == [year_s, year_s]
    await store.answer(THREE)
    assert await lifetimes_s() == [DONE_RECORD_S, DONE_RECORD_S, year_s]
    await store.conversations.reset(C, before=snowflake(50))
    assert await lifetimes_s() == [DONE_RECORD_S, DONE_RECORD_S, DONE_RECORD_S]


async def test_a_last_turn_whose_record_is_gone_is_none(store: RevisedStore) -> None:
    await store.answer(ONE)
    await store.redis.delete(KEYS.record(C, ONE.id))
    assert (await store.control.status(C)).last is None


async def test_a_stop_is_seen_with_the_next_renewal_and_by_whoever_takes_over(store: RevisedStore) -> None:
    assert await store.control.stop(C) is None
    await store.hear(ONE)
    assert await store.control.stop(C) is None
    claim = await store.claim()
    assert await store.journal.renew(claim) is False
    assert await store.control.stop(C, TWO.id) is None
    assert await store.control.stop(C, ONE.id) == ONE.id
    assert await store.journal.renew(claim) is True
    await store.journal.release(claim, blameless=True)
    assert (await store.claim()).attempt.stopped


async def test_a_stop_ends_one_answer_and_not_the_next(store: RevisedStore) -> None:
    await store.hear(ONE)
    claim = await store.claim()
    await store.control.stop(C)
    await store.commit(claim, "half")
    assert await store.control.stop(C) is None
    await store.journal.acknowledge(claim, reconcile=False)
    await store.control.regenerate(C, claim.turn_id, "w1")
    assert not (await store.claim()).attempt.stopped


async def test_the_status_names_who_asked_and_what_was_posted(store: RevisedStore) -> None:
    await store.answer(ONE, replace(TWO, author=BEN), posted=77)
    await store.hear(THREE)
    await store.claim()
    standing = await store.control.status(C)
    assert standing.last is not None
    assert (standing.last.turn_id, standing.last.askers, standing.last.replies) == (
        ONE.id,
        frozenset({ANN.id, BEN.id}),
        (77,),
    )
    assert standing.running is not None
    assert (standing.running.turn_id, standing.running.state, standing.waiting) == (
        THREE.id,
        State.CLAIMED,
        1,
    )


async def test_who_asked_is_known_although_the_question_is_deleted(store: RevisedStore) -> None:
    await store.answer(ONE, replace(TWO, author=BEN), posted=77)
    await store.delete(C, ONE.id)
    await store.delete(C, TWO.id)
    standing = await store.control.status(C)
    assert standing.last is not None
    assert standing.last.askers == {ANN.id, BEN.id}
    assert await store.control.regenerate(C, standing.last.turn_id, "w1") is RegenerateResult.GONE


async def test_who_asked_is_known_of_what_an_earlier_version_received(store: RevisedStore) -> None:
    await store.answer(ONE)
    await store.redis.hdel(KEYS.record(C, ONE.id), "author")
    standing = await store.control.status(C)
    assert standing.last is not None
    assert standing.last.askers == {ANN.id}
