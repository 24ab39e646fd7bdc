"""What people may look at and change of what Claude remembers, on a real Redis server."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from redis.asyncio import Redis

from bot.conversation.correction import fingerprint
from bot.conversation.past import Past
from bot.conversation.request import Usage
from bot.conversation.turn import Preface
from bot.store.claim import Claim
from bot.store.codec import Result, dump_turn, load_turn
from bot.store.conversations import Conversations
from bot.store.journal import Journal
from bot.store.pins_and_summaries import NEAR_TURNS, PinsAndSummaries
from bot.store.scripts import Scripts
from bot.store.scripts.conversation import Correct, Pin
from tests.conversation.builders import message, sent, snowflake, turn
from tests.store.stage import KEYS, C
from tests.store.trims import PREFACE, TRIMMED


def test_a_turn_comes_back_as_it_was_stored_with_its_front() -> None:
    assert load_turn(dump_turn(TRIMMED)) == TRIMMED


def test_a_turn_of_an_earlier_version_can_still_be_read() -> None:
    old = (
        '{"id":1,"user":"q","reply":"a","outcome":"answered","model":"m","user_tokens":1,"reply_tokens":1,'
        '"usage":{},"cut":0,"prefix_key":"k"}'
    )
    assert load_turn(old).preface is None


async def test_the_window_is_read_from_the_cut_on(redis: Redis, recall: PinsAndSummaries) -> None:
    assert await recall.past(C) == Past()
    await redis.rpush(KEYS.history(C), dump_turn(turn(8)), dump_turn(TRIMMED))
    await redis.hset(KEYS.meta(C), "cut", "1")
    assert await recall.past(C) == Past((TRIMMED,), window_start=1)


async def test_pins_and_corrections_are_kept_as_long_as_the_conversation(
    redis: Redis, recall: PinsAndSummaries
) -> None:
    await redis.rpush(KEYS.history(C), dump_turn(TRIMMED))
    await recall.pin(C, [7, 5, 7])
    assert await recall.correct(C, fingerprint(PREFACE.summary), " They talked\nof cloth. ")
    past = await recall.past(C)
    assert past.pins == {5, 7}
    assert past.preface == replace(PREFACE, summary="They talked\nof cloth.")
    assert 0 < await redis.ttl(KEYS.meta(C)) <= 1000
    await recall.pin(C, [])
    assert await recall.correct(C, fingerprint("They talked\nof cloth."), "")
    past = await recall.past(C)
    assert past.pins == frozenset()
    assert past.preface == replace(PREFACE, summary="")


async def test_only_the_summary_that_was_shown_is_corrected(redis: Redis, recall: PinsAndSummaries) -> None:
    shown = fingerprint(PREFACE.summary)
    assert not await recall.correct(C, shown, "They talked of cloth.")
    await redis.rpush(KEYS.history(C), dump_turn(TRIMMED))
    assert await recall.correct(C, shown, "They talked of cloth.")
    # Sent twice, it says what stands there; somebody else's words are not written over.
    assert await recall.correct(C, shown, "They talked of cloth.")
    assert not await recall.correct(C, shown, "They talked of wheels.")
    assert (await recall.past(C)).preface.summary == "They talked of cloth."
    await redis.rpush(KEYS.history(C), dump_turn(replace(turn(10), preface=Preface("They talked of wool."))))
    assert not await recall.correct(C, fingerprint("They talked of cloth."), "They talked of wheels.")
    assert (await recall.past(C)).preface.summary == "They talked of wool."


async def test_a_summary_is_looked_at_again_if_a_turn_was_entered_meanwhile(redis: Redis) -> None:
    run = Scripts(redis).run
    corrected = partial(Correct, history=KEYS.history(C), meta=KEYS.meta(C), after="7 text", ttl_s=1000)
    await redis.rpush(KEYS.history(C), "one", "two")
    assert await run(corrected(newest="one", before="")) == 0
    assert await run(corrected(newest="two", before="5 other")) == 0
    assert await redis.hget(KEYS.meta(C), "corrected") is None
    assert await run(corrected(newest="two", before="")) == 1
    assert await run(corrected(newest="two", before="")) == 1
    assert await redis.hget(KEYS.meta(C), "corrected") == "7 text"


async def test_a_reset_forgets_the_correction_too(redis: Redis, recall: PinsAndSummaries) -> None:
    await redis.rpush(KEYS.history(C), dump_turn(TRIMMED))
    assert await recall.correct(C, fingerprint(PREFACE.summary), "secret")
    await Conversations(redis, KEYS, ttl_s=1000).reset(C, before=snowflake(9))
    assert "secret" not in str(await redis.hgetall(KEYS.meta(C)))


async def test_the_turn_of_a_pin_is_found_wherever_it_stands_and_read_once_it_is_before_the_cut(
    redis: Redis, recall: PinsAndSummaries
) -> None:
    turns = [
        replace(turn(2 * number), members=(snowflake(2 * number), snowflake(2 * number) + 1))
        for number in range(200)
    ]
    # A listing has brought one of them late.
    turns.insert(105, turns.pop(101))
    await redis.rpush(KEYS.history(C), *map(dump_turn, turns))
    pins = [turns[3].id, turns[105].members[1], turns[199].id, 12345]
    await recall.pin(C, pins)
    assert (await recall.past(C)).recalled == ()
    await redis.hset(KEYS.meta(C), "cut", "150")
    past = await recall.past(C)
    assert past.pins == set(pins)
    assert past.recalled == (turns[3], turns[105])


async def test_looking_up_pins_takes_few_round_trips_in_a_long_history(
    redis: Redis, recall: PinsAndSummaries
) -> None:
    turns = [turn(number) for number in range(4000)]
    await redis.rpush(KEYS.history(C), *map(dump_turn, turns))
    await redis.hset(KEYS.meta(C), "cut", "3990")
    before = (await redis.info("stats"))["total_net_output_bytes"]
    await recall.pin(C, [entry.id for entry in turns[100:3100:60]])
    after = (await redis.info("stats"))["total_net_output_bytes"]
    assert len((await recall.past(C)).recalled) == 50
    assert after - before < 50 * (12 + 2 * NEAR_TURNS) * len(dump_turn(turns[0])) * 2


async def test_that_pins_are_to_count_at_once_holds_until_claude_was_asked(
    redis: Redis, recall: PinsAndSummaries
) -> None:
    asked = Usage(input=5, output=2)
    assert not await recall.pin_now(C, snowflake(3))
    await redis.rpush(KEYS.history(C), dump_turn(turn(1, usage=asked)))
    assert not (await recall.past(C)).at_once
    assert await recall.pin_now(C, snowflake(3))
    assert (await recall.past(C)).at_once
    # It was being answered when somebody asked for it, and so was planned without.
    await redis.rpush(KEYS.history(C), dump_turn(turn(2, usage=asked)))
    assert (await recall.past(C)).at_once
    await redis.rpush(KEYS.history(C), dump_turn(turn(4, outcome="failed")))
    assert (await recall.past(C)).at_once
    await redis.rpush(KEYS.history(C), dump_turn(turn(5, usage=asked)))
    assert not (await recall.past(C)).at_once


async def test_that_pins_are_to_count_at_once_holds_until_they_stand_in_front(
    redis: Redis, recall: PinsAndSummaries
) -> None:
    await redis.rpush(KEYS.history(C), dump_turn(turn(1)))
    await recall.pin_now(C, snowflake(3))
    # It was stopped before Claude told what it read.
    await redis.rpush(KEYS.history(C), dump_turn(replace(turn(5), preface=Preface("", (turn(1),)))))
    assert not (await recall.past(C)).at_once


async def test_what_stands_in_front_says_what_its_messages_say_by_now(
    redis: Redis, recall: PinsAndSummaries
) -> None:
    old = [turn(1), turn(2)]
    trimmer = replace(turn(3), preface=Preface("", tuple(old)))
    await redis.rpush(KEYS.history(C), *map(dump_turn, [*old, trimmer]))
    await redis.hset(KEYS.meta(C), "cut", "2")
    # One of them is not pinned any more, and stays until the next trim.
    await recall.pin(C, [old[0].id])
    edited = replace(old[0], sent=sent("changed", ("answer",)), amended=trimmer.id)
    await redis.lset(KEYS.history(C), 0, dump_turn(edited))
    assert (await recall.past(C)).preface.pinned == (edited, old[1])
    await redis.lset(KEYS.history(C), 1, dump_turn(replace(old[1], outcome="removed", sent=())))
    assert (await recall.past(C)).preface.pinned == (edited,)


async def test_what_is_pinned_while_it_is_answered_is_found_again_like_all_other_pins(
    redis: Redis, recall: PinsAndSummaries
) -> None:
    conversations = Conversations(redis, KEYS, ttl_s=1000)
    journal = Journal(redis, KEYS, ttl_s=1000, lease_s=5.0, reconcile_s=0.0)
    for number in range(4):
        said = [message("the loom is blue", number=10 * number + again) for again in range(2)]
        for one in said:
            await conversations.receive(C, one, source="event", channel_fields={"guild": 1})
        claim = await journal.claim(C, "me")
        assert isinstance(claim, Claim)
        if number == 1:
            await recall.pin(C, [said[1].id])
        entry = replace(turn(10 * number), members=claim.batch.members)
        await journal.commit(claim, entry, Result("answer"), window_start=3 if number == 3 else 0)
        await journal.acknowledge(claim, reconcile=False)
    assert await redis.hget(KEYS.meta(C), "places") == " 1"
    assert [entry.id for entry in (await recall.past(C)).recalled] == [snowflake(10)]


async def test_places_are_looked_up_again_if_a_turn_was_entered_meanwhile(
    redis: Redis, recall: PinsAndSummaries
) -> None:
    await redis.rpush(KEYS.history(C), dump_turn(turn(1)), dump_turn(turn(2)))
    run = Scripts(redis).run
    pins = partial(Pin, history=KEYS.history(C), meta=KEYS.meta(C), pins=str(turn(2).id), ttl_s=1000)
    assert await run(pins(length=1, indexes="")) == 0
    assert await redis.hget(KEYS.meta(C), "pins") is None
    assert await run(pins(length=2, indexes="1")) == 1
    assert await redis.hmget(KEYS.meta(C), "pins", "places") == [str(turn(2).id), "1"]
