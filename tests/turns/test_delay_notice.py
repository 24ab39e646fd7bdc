"""The notice that an answer comes later, and the wait for Discord."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.claude.client import Claude
from bot.conversation import budget_wording
from bot.conversation.amount import amount_of
from bot.conversation.budget import Limit, Rule, Subject
from bot.conversation.errors import BudgetReached, DiscordForbidden, DiscordGone, DiscordNotNow
from bot.conversation.wording import SMALL
from bot.store.claim import Later
from bot.store.codec import Result
from bot.store.revisions import Change
from bot.store.states import State
from bot.store.turn_control import RegenerateResult
from bot.turns.reply_generator import ReplyGenerator
from bot.turns.run import Runner
from tests.render.fake_outbox import FakeOutbox
from tests.turns.stage import ANSWER, POLICY, A, B, Bench, C, hear

LATER = DiscordNotNow(60.0)
FULL = BudgetReached(Limit(Rule(Subject.PERSON, amount_of("5 USD per day")), "a-limit", 99, 9), tell=False)


class AtLimit(ReplyGenerator):
    """Finds a limit full of which the person was told before."""

    async def generate(self, *_given: Any, **_named: Any) -> BudgetReached:
        return FULL


class Unlisted(FakeOutbox):
    """Lists no messages, as where the history of the channel may not be read."""

    async def own_messages(self, _place: int, after: int) -> Any:  # noqa: ARG002 (named at its call)
        raise DiscordForbidden("Read Message History")


async def put_off(bench: Bench) -> str:
    """Have the next turn put off; returns what people read."""
    bench.outbox.not_now = LATER
    with pytest.raises(DiscordNotNow):
        await bench.turn()
    bench.outbox.not_now = None
    return bench.outbox.texts()[-1]


async def test_the_word_goes_when_all_that_was_asked_is_deleted(bench: Bench) -> None:
    await hear(bench, A)
    await put_off(bench)
    claim = await bench.claim()
    await bench.journal.release(claim, blameless=True, not_within_s=600.0)
    assert await bench.revisions.delete(C, A.id) is Change.ANSWERING
    await bench.turn()
    assert bench.outbox.texts() == []


async def test_what_is_left_of_a_turn_waits_on_when_one_of_its_messages_is_deleted(bench: Bench) -> None:
    await hear(bench, A, B)
    sign = await put_off(bench)
    await bench.revisions.delete(C, A.id)
    assert bench.outbox.texts() == [sign]
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]


@pytest.mark.parametrize("refused", [DiscordGone("code 10003"), DiscordForbidden("Manage Threads")])
async def test_the_word_goes_when_the_answer_cannot_be_shown(bench: Bench, refused: Exception) -> None:
    await hear(bench, A)
    sign = await put_off(bench)
    bench.outbox.failures.append(refused)
    await bench.turn()
    assert sign not in bench.outbox.texts()


async def test_a_reset_names_the_word(bench: Bench) -> None:
    await hear(bench, A)
    await put_off(bench)
    ((message_id, _),) = bench.outbox.messages.items()
    assert await bench.conversations.reset(C, before=A.id) == (0, ((C, message_id),))


async def test_a_later_round_is_told_of_as_well(bench: Bench) -> None:
    await hear(bench, A)
    sign = await put_off(bench)
    done = await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
    assert await bench.control.regenerate(C, done.turn_id, "w1") is RegenerateResult.OK
    assert await put_off(bench) == sign


async def test_a_stop_of_a_turn_that_is_put_off_counts_at_once(bench: Bench) -> None:
    await hear(bench, A)
    sign = await put_off(bench)
    claim = await bench.claim()
    await bench.journal.release(claim, blameless=True, not_within_s=600.0)
    assert await bench.control.stop(C) == claim.turn_id
    bench.outbox.not_now = LATER  # Discord still allows no post
    done = await bench.turn()
    assert sign not in bench.outbox.texts()
    assert not bench.claude.asked.is_set()
    standing = await bench.control.status(C)
    assert (standing.running, standing.waiting) == (None, 0)
    assert standing.last is not None
    assert standing.last.turn_id == done.turn_id


async def test_an_answer_that_discord_wants_later_is_kept_and_shown_without_asking_again(
    bench: Bench,
) -> None:
    await hear(bench, A)
    bench.outbox.failures.extend([DiscordNotNow(280.0)] * 10)
    with pytest.raises(DiscordNotNow):
        await bench.turn()
    claim = await bench.claim()
    assert (claim.attempt.state, claim.attempt.result) == (State.COMMITTED, Result(ANSWER))
    await bench.journal.release(claim, blameless=True)
    bench.outbox.failures.clear()
    bench.claude.answer = "Another answer."
    await bench.turn()
    assert ANSWER in bench.outbox.texts()
    assert "Another answer." not in bench.outbox.texts()


async def test_nothing_is_asked_while_it_is_known_that_nothing_can_be_shown(bench: Bench) -> None:
    await hear(bench, A)
    bench.outbox.not_now = DiscordNotNow(60.0)
    with pytest.raises(DiscordNotNow):
        await bench.turn()
    assert not bench.claude.asked.is_set()
    assert [text.startswith(SMALL) for text in bench.outbox.texts()] == [True]  # the word about it


async def test_what_is_put_off_is_nobodys_until_its_time_and_counts_no_try(bench: Bench) -> None:
    await hear(bench, A)
    claim = await bench.claim()
    await bench.journal.release(claim, blameless=True, not_within_s=0.3)
    later = await bench.journal.claim(C, "somebody else")
    assert isinstance(later, Later)
    assert 0 < later.in_s <= 0.3
    await asyncio.sleep(later.in_s)
    assert (await bench.claim()).attempt.number == 1


async def test_a_reset_ends_a_wait_for_discord(bench: Bench) -> None:
    await hear(bench, A)
    await bench.journal.release(await bench.claim(), blameless=True, not_within_s=600.0)
    await bench.conversations.reset(C, before=A.id)
    await hear(bench, B)
    await bench.claim()


async def test_who_waits_for_a_slot_is_told_once_and_the_word_goes_with_the_answer(bench: Bench) -> None:
    await hear(bench, A)
    for before in (7, 3):
        claim = await bench.claim()
        await bench.runner.tell_waiting(claim, before)
        await bench.journal.release(claim, blameless=True)
    (told,) = bench.outbox.texts()
    assert "7 other replies come first" in told
    await hear(bench, B)
    done = await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
    assert done.attempt.number == 1
    assert done.batch.members == (A.id, B.id)


async def test_who_was_promised_an_answer_is_told_of_a_limit_that_is_full_by_then(bench: Bench) -> None:
    await hear(bench, A)
    claim = await bench.claim()
    await bench.runner.tell_waiting(claim, 3)
    await bench.journal.release(claim, blameless=True)
    (promise,) = bench.outbox.texts()
    generator = AtLimit(cast("Claude", bench.claude), POLICY)
    bench.runner = Runner(replace(bench.services, generator=generator))
    await bench.turn()
    (told,) = bench.outbox.texts()
    assert told != promise
    assert budget_wording.full(FULL) in told
    assert (await bench.control.status(C)).waiting == 0


async def test_the_word_goes_where_the_messages_of_a_deleted_turn_cannot_be_listed(bench: Bench) -> None:
    await hear(bench, A)
    outbox = Unlisted(round_trip_s=0.0)
    bench.runner = Runner(replace(bench.services, outbox=outbox))
    claim = await bench.claim()
    await bench.runner.tell_waiting(claim, 3)
    await bench.journal.release(claim, blameless=True)
    assert len(outbox.texts()) == 1
    await bench.revisions.delete(C, A.id)
    await bench.turn()
    assert outbox.texts() == []


async def test_the_word_goes_with_the_answer_where_an_older_message_comes_late(bench: Bench) -> None:
    await hear(bench, B)
    claim = await bench.claim()
    await bench.runner.tell_waiting(claim, 3)
    await bench.journal.release(claim, blameless=True)
    await bench.conversations.receive(C, A, source="listing", channel_fields={"guild": 1})
    done = await bench.turn()
    assert done.batch.members == (A.id, B.id)
    assert bench.outbox.texts() == [ANSWER]


async def test_a_notice_whose_turn_is_begun_again_while_it_is_posted_does_not_stay(bench: Bench) -> None:
    bench.outbox.round_trip_s = 0.2
    is_posted = asyncio.Event()
    bench.outbox.on_call = lambda _: is_posted.set()
    await hear(bench, A)
    claim = await bench.claim()
    telling = asyncio.create_task(bench.runner.tell_waiting(claim, 3))
    await is_posted.wait()  # Discord has the notice, and its answer is on the way
    assert await bench.revisions.edit(C, replace(A, text="corrected"), edited_ms=5) is Change.ANSWERING
    telling.cancel()
    await asyncio.wait([telling])
    await asyncio.gather(*bench.services.notices)
    assert bench.outbox.texts() == []


async def test_a_notice_whose_turn_is_broken_off_while_it_is_posted_goes_with_the_answer(
    bench: Bench,
) -> None:
    bench.outbox.round_trip_s = 0.2
    is_posted = asyncio.Event()
    bench.outbox.on_call = lambda _: is_posted.set()
    await hear(bench, A)
    claim = await bench.claim()
    telling = asyncio.create_task(bench.runner.tell_waiting(claim, 3))
    await is_posted.wait()
    telling.cancel()
    await asyncio.wait([telling])
    await asyncio.gather(*bench.services.notices)
    await bench.journal.release(claim, blameless=True)
    assert len(bench.outbox.texts()) == 1
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
