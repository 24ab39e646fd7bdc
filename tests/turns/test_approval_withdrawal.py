"""Calls whose question is deleted, reset or forgotten while they wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.conversation.approval import NOBODY
from bot.conversation.approval_card import FORGOTTEN_IN_DOUBT, WITHDRAWN, late_answer
from bot.conversation.errors import DiscordForbidden, DiscordNotNow
from bot.conversation.identity import Identity
from bot.conversation.message import first_id
from bot.render.controls import NONE
from bot.store.codec import dump_turn
from bot.store.erasure import Erasure
from bot.store.examination import Examination
from bot.store.revisions import Revisions
from bot.turns.approval_runs import INTERRUPTED
from tests.conversation.builders import turn
from tests.store.stage import KEYS
from tests.turns.desk_stage import ASKER, CONTEXT, ID, THREAD, TURN, Bench, bench

__all__ = ["bench"]


async def _cancelled(bench: Bench) -> None:
    await bench.redis.hset(KEYS.record(THREAD, TURN), "state", "cancelled")


async def _deleted(bench: Bench) -> None:
    entry = replace(turn(1, outcome="removed"), id=TURN, members=())
    await bench.redis.rpush(KEYS.history(THREAD), dump_turn(entry))


@pytest.mark.parametrize("take_back", [_cancelled, _deleted])
async def test_a_call_whose_question_was_deleted_goes_with_its_card(
    bench: Bench, take_back: Callable[[Bench], Awaitable[None]]
) -> None:
    await bench.opened()
    await take_back(bench)
    assert await bench.desk.find(THREAD, ID) is None
    assert bench.cards() == []
    assert await bench.desk.allow(THREAD, ID, ASKER) == (None, False)
    assert bench.effect.made == []


async def test_a_call_whose_question_was_deleted_while_its_card_was_posted_goes_with_its_card(
    bench: Bench,
) -> None:
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    without_card = await bench.found()
    await bench.desk.post_cards(THREAD, TURN)
    await _cancelled(bench)
    assert await bench.desk._was_taken_back(without_card)
    assert bench.cards() == []


async def test_a_deletion_has_the_watch_look_for_calls_whose_question_is_gone(bench: Bench) -> None:
    await bench.opened()
    await _deleted(bench)
    revisions = Revisions(bench.redis, KEYS, ttl_s=1000)
    await revisions.delete(THREAD, TURN)
    assert [item.id for item in await bench.approvals.due.take(60)] == [THREAD]
    await bench.looked()
    assert bench.cards() == []
    assert await bench.approvals.of(THREAD) == ()
    await bench.redis.delete(KEYS.approvals_due)
    await revisions.delete(50, 60)
    assert await bench.redis.zcard(KEYS.approvals_due) == 0


async def test_a_call_that_was_made_stays_although_its_question_is_deleted(bench: Bench) -> None:
    await bench.opened()
    await bench.desk.allow(THREAD, ID, ASKER)
    await bench.until("done")
    await _deleted(bench)
    await bench.looked()
    assert (await bench.found()).state == "done"
    assert len(bench.cards()) == 1


async def test_a_card_that_is_posted_while_its_call_is_forgotten_goes_again(bench: Bench) -> None:
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    waiting = await bench.found()
    await bench.approvals.forget(THREAD, ID)
    await bench.desk._cards.post(waiting)
    assert bench.cards() == []


async def _reset(bench: Bench) -> None:
    await bench.redis.hset(KEYS.meta(THREAD), "floor", f"{TURN + 1:020}")


async def test_a_reset_ends_the_call_and_its_card_says_so(bench: Bench) -> None:
    await bench.opened()
    await _reset(bench)
    await bench.looked(bench.another())
    assert (await bench.found()).state == "withdrawn"
    assert WITHDRAWN["reset"] in bench.cards()[0]
    assert next(iter(bench.outbox.controls.values())).buttons == ()
    found, counts = await bench.desk.allow(THREAD, ID, ASKER)
    assert found is not None
    assert (late_answer(found), counts, bench.effect.made) == (WITHDRAWN["reset"], False, [])


@pytest.mark.parametrize("state", ["withdrawn", "refused", "done"])
async def test_what_was_said_in_a_call_is_forgotten_after_a_reset_and_its_card_stays(
    bench: Bench, state: str
) -> None:
    await bench.opened()
    if state == "refused":
        await bench.desk.refuse(THREAD, ID, ASKER, "the north is cold")
    elif state == "done":
        await bench.desk.allow(THREAD, ID, ASKER)
        await bench.until("done")
    assert "north" in str(await bench.found())
    await _reset(bench)
    await bench.looked()
    found = await bench.found()
    assert found.state == state
    assert "north" not in str(found)
    assert found.outcome == ""
    assert "north" in bench.cards()[0]
    await bench.looked()
    assert "north" in bench.cards()[0], "nobody has the card written anew"


async def test_a_press_after_a_reset_is_answered_before_the_watch_has_looked(bench: Bench) -> None:
    await bench.opened()
    await _reset(bench)
    await _cancelled(bench)
    found = await bench.desk.find(THREAD, ID)
    assert found is not None
    assert late_answer(found) == WITHDRAWN["reset"]
    assert WITHDRAWN["reset"] in bench.cards()[0]


async def test_a_call_that_was_interrupted_is_not_taken_up_after_a_reset(bench: Bench) -> None:
    bench.settings |= {"repeats": True}
    bench.desk = bench.another()
    await bench.opened()
    now_ms = round(bench.now_s[0] * 1000)
    await bench.approvals.change(THREAD, ID, lambda each: each.allowed(ASKER, now_ms))
    await _reset(bench)
    await bench.looked()
    assert (await bench.found()).state == "running"
    bench.now_s[0] += 1000
    await bench.looked()
    assert ((await bench.found()).state, bench.effect.made) == ("failed", [])
    assert INTERRUPTED in bench.cards()[0]


async def test_a_call_that_is_made_after_a_reset_waits_as_any_other(bench: Bench) -> None:
    await bench.redis.hset(KEYS.meta(THREAD), "floor", f"{TURN - 1:020}")
    await bench.opened()
    await bench.looked()
    assert (await bench.found()).state == "waiting"


async def test_a_card_that_is_posted_while_its_call_is_withdrawn_says_so(bench: Bench) -> None:
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    waiting = await bench.found()
    await _reset(bench)
    await bench.looked()
    await bench.desk._cards.post(waiting)
    assert WITHDRAWN["reset"] in bench.cards()[0]


@pytest.mark.parametrize(("person", "ends"), [(ASKER, True), (ASKER + 1, False)])
async def test_the_cards_of_a_person_who_is_forgotten_end_and_lose_their_words(
    bench: Bench, person: int, *, ends: bool
) -> None:
    await bench.opened()
    before = first_id(round(bench.now_s[0] * 1000) + 60_000)
    await bench.desk.forget(THREAD, Identity(person, before))
    assert ((await bench.found()).state == "withdrawn") is ends
    assert (WITHDRAWN["forgotten"] in bench.cards()[0]) is ends
    assert ("north" in bench.cards()[0]) is not ends


def _who(bench: Bench) -> Identity:
    return Identity(ASKER, first_id(round(bench.now_s[0] * 1000) + 60_000))


async def _erased(bench: Bench) -> int:
    """Erase what the store holds of the person, as a job does; returns how many calls were found."""
    examined = await Examination(bench.redis, KEYS).examine(THREAD, ("{1}:p",), _who(bench))
    revisions = Revisions(bench.redis, KEYS, ttl_s=1000)
    erasure = Erasure(bench.redis, KEYS, revisions, bench.scope_settings)
    assert (await erasure.erase(examined, _who(bench), first=None)).complete
    return examined.found.tool_calls


async def _is_over(bench: Bench) -> None:
    """The card says nothing of the person, and nobody has to know of it any more."""
    await bench.looked()
    assert await bench.approvals.of(THREAD) == ()
    (text,) = bench.cards()
    assert "north" not in text
    assert "was forgotten" in text
    assert next(iter(bench.outbox.controls.values())) == NONE


async def test_a_forgotten_persons_card_that_cannot_be_written_now_is_written_later(bench: Bench) -> None:
    await bench.opened()
    bench.outbox.failures += [DiscordNotNow(30), DiscordNotNow(30)]
    await bench.desk.forget(THREAD, _who(bench))
    assert await _erased(bench) == 1
    assert "north" in bench.cards()[0]
    (left,) = await bench.approvals.of(THREAD)
    assert "north" not in str(left)
    assert left.asker == NOBODY
    assert await _erased(bench) == 0
    assert await bench.desk.watch.look(THREAD) is not None
    await _is_over(bench)


async def test_a_forgotten_persons_card_that_discord_will_not_have_written_is_given_up(bench: Bench) -> None:
    await bench.opened()
    bench.outbox.failures.append(DiscordForbidden("View Channels"))
    await bench.desk.forget(THREAD, _who(bench))
    assert await _erased(bench) == 1
    assert await bench.approvals.of(THREAD) == ()


@pytest.mark.parametrize("ends", ["before", "after"])
async def test_the_card_of_a_call_that_runs_loses_its_words_with_the_person_who_asked(
    bench: Bench, ends: str
) -> None:
    bench.effect.gate = asyncio.Event()
    await bench.opened()
    await bench.desk.allow(THREAD, ID, ASKER)
    await bench.effect.begun.wait()
    await bench.desk.forget(THREAD, _who(bench))
    runs = tuple(bench.desk._runs.running)
    if ends == "before":
        bench.effect.gate.set()
        await asyncio.gather(*runs)
    assert await _erased(bench) == 1
    bench.effect.gate.set()
    await asyncio.gather(*runs)
    assert FORGOTTEN_IN_DOUBT in bench.cards()[0]
    await _is_over(bench)


async def test_a_change_of_the_card_that_lands_after_the_person_was_forgotten_does_not_stay(
    bench: Bench,
) -> None:
    opened = await bench.opened()
    await bench.desk.forget(THREAD, _who(bench))
    await _erased(bench)
    await bench.desk._cards.show(opened)
    assert bench.cards() == []


async def test_an_ended_call_whose_card_was_not_written_is_shown_without_words_once_it_is_forgotten(
    bench: Bench,
) -> None:
    await bench.opened()
    bench.outbox.failures.append(DiscordNotNow(30))
    await bench.desk.refuse(THREAD, ID, ASKER + 1, "the north is cold")
    await bench.desk.forget(THREAD, _who(bench))
    await _erased(bench)
    await bench.looked()
    (text,) = bench.cards()
    assert "Refused by" in text
    assert "north" not in text
    assert await bench.approvals.of(THREAD) == ()
