"""A turn whose earlier answer only Discord knows, or knows better than the store."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.conversation.elements import file_element
from bot.conversation.errors import AnsweredBefore, Fenced
from bot.conversation.message import Attachment
from bot.conversation.wording import SMALL
from bot.render.upload import Attached
from bot.store.claim import Claim
from bot.store.codec import Result, load_turn
from bot.store.keys import Keys
from bot.turns.prepare import Prepared
from bot.turns.run import Runner
from tests.conversation.builders import message
from tests.store.claims import changed
from tests.turns.stage import ANSWER, CODE, EARLIER, NOW, A, B, Bench, C, hear


async def test_an_answer_to_more_than_is_known_is_waited_for_and_then_adopted(bench: Bench) -> None:
    bench.answered_before("An answer to both.", reply_to=B.id)
    await hear(bench, A)
    with pytest.raises(AnsweredBefore):
        await bench.turn()  # the nonce tells
    with pytest.raises(AnsweredBefore):
        await bench.turn()  # a look tells, before Claude is asked again
    await hear(bench, B)
    done = await bench.turn()
    assert done.batch.members == (A.id, B.id)
    assert bench.outbox.texts() == ["An answer to both."]


async def test_an_answer_to_less_than_is_asked_is_adopted_and_the_rest_waits(bench: Bench) -> None:
    bench.answered_before("An answer to the first.", reply_to=A.id)
    await hear(bench, A, B)
    with pytest.raises(AnsweredBefore):
        await bench.turn()
    await bench.turn()
    await bench.turn()
    assert bench.outbox.texts() == ["An answer to the first.", ANSWER]


async def test_a_forgotten_reply_to_what_another_turn_has_answered_costs_one_request_and_goes(
    bench: Bench,
) -> None:
    third = message("third", number=NOW - 7)
    bench.answered_before("An answer to both ▌", reply_to=B.id)  # its turn had the nonce of A's
    await hear(bench, B)
    await bench.turn()
    await hear(bench, A, third)
    bench.claude.answer = "An answer to the others."
    with pytest.raises(AnsweredBefore):
        await bench.turn()  # the nonce tells
    done = await bench.turn()
    assert done.batch.members == (A.id, third.id)
    settling = await bench.claim()
    assert settling.reconciling
    await bench.runner.reconcile(settling)
    assert bench.outbox.texts() == [ANSWER, "An answer to the others."]


async def test_a_reply_of_another_turn_stays_where_a_turn_before_it_is_compared(bench: Bench) -> None:
    await hear(bench, B)
    await bench.turn()
    await hear(bench, A)
    claim = await bench.claim()
    await bench.journal.release(claim, blameless=False)  # so that the next try looks
    bench.claude.answer = "An answer to the first."
    await bench.turn()
    await bench.runner.reconcile(await bench.claim())
    assert sorted(bench.outbox.texts()) == sorted([ANSWER, "An answer to the first."])
    assert bench.outbox.nonces.keys() == {f"{B.id}-0", f"{A.id}-0"}


async def test_what_continues_a_reply_behind_a_newer_one_points_to_its_beginning(bench: Bench) -> None:
    await hear(bench, A)
    claim = await bench.claim()
    await bench.journal.release(claim, blameless=False)  # so that the next try looks
    bench.answered_before("An answer that ▌", reply_to=A.id)
    bench.outbox.messages[EARLIER + 1] = "A newer one."
    bench.outbox.replies_to[EARLIER + 1] = B.id
    bench.outbox.next_id = EARLIER + 1
    bench.claude.answer = "Words and words. " * 180
    await bench.turn()
    points_to = [bench.outbox.replies_to.get(message) for message in sorted(bench.outbox.messages)]
    assert points_to == [A.id, B.id, EARLIER]
    shown = bench.outbox.texts()
    assert shown[1] == "A newer one."
    assert "▌" not in "".join(shown)


async def test_a_post_by_a_try_that_was_not_counted_is_found_without_its_nonce(bench: Bench) -> None:
    await hear(bench, A)
    posted = asyncio.Event()
    bench.outbox.on_call = lambda done: posted.set() if done.what == "send" else None
    bench.outbox.round_trip_s = 0.2
    claim = await bench.claim()
    running = asyncio.create_task(bench.runner.run(claim, asyncio.Event()))
    await posted.wait()
    running.cancel()
    await asyncio.wait([running])
    await bench.journal.release(claim, blameless=True)
    bench.outbox.nonces.clear()  # as after some minutes
    bench.outbox.round_trip_s = 0.0
    again = await bench.turn()
    assert again.attempt.number == 1
    assert bench.outbox.texts() == [ANSWER]


async def test_a_part_that_the_bot_itself_has_deleted_does_not_cancel_the_turn(bench: Bench) -> None:
    claim = await bench.begun("An earlier try ▌", None)
    await bench.journal.release(claim, blameless=False)
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
    assert [done.message_id for done in bench.outbox.calls if done.message_id == EARLIER + 1] == []


async def test_what_joined_and_was_forgotten_by_the_store_is_not_answered_twice(bench: Bench) -> None:
    await hear(bench, A)
    early = await bench.claim()
    grown = changed(early, members=(A.id, B.id), messages=(A, B))  # it went back to before the join
    with pytest.raises(Fenced):
        await bench.journal.commit(grown, None, Result(ANSWER), window_start=0)
    await bench.journal.release(early, blameless=False)
    bench.answered_before(ANSWER, reply_to=B.id)
    await hear(bench, B)
    done = await bench.turn()
    assert done.batch.members == (A.id, B.id)
    assert bench.outbox.texts() == [ANSWER]


async def test_a_reply_that_is_recovered_has_the_files_of_its_messages_in_the_history(bench: Bench) -> None:
    file = Attachment(3, "a.txt", "text/plain", 5)
    read = replace(file, blocks=(file_element("a.txt", "hello"),))

    async def reads(_: Claim, prepared: Prepared) -> Prepared:
        return replace(prepared, messages=(replace(A, attachments=(read,)),))

    claim = await bench.begun("An answer.")
    runner = Runner(replace(bench.services, preparation=(reads,)))
    await runner.run(changed(claim, number=2), asyncio.Event())
    entry = load_turn(str(await bench.redis.lindex(Keys("test").history(C), -1)))
    assert entry.reply == "An answer."
    assert entry.question.blocks[1:] == read.blocks


async def test_a_finished_reply_with_a_file_is_adopted_and_its_file_left_alone(bench: Bench) -> None:
    text = f"{CODE}\n{SMALL}All 80 lines are in the attached `code.py`."
    bench.answered_before(text, reply_to=A.id)
    file = Attached(7, "code.py", 800)
    bench.outbox.files[EARLIER] = (file,)
    await bench.conversations.receive(C, A, source="listing", channel_fields={"guild": 1})
    bench.claude.busy = True
    await bench.turn()
    settling = await bench.claim()
    assert settling.reconciling
    bench.outbox.messages[EARLIER] = "A late edit ▌"
    await bench.runner.reconcile(settling)
    assert bench.outbox.texts() == [text]
    assert bench.outbox.files[EARLIER] == (file,)


async def test_a_post_that_lost_what_it_pointed_to_is_gone_on_with(bench: Bench) -> None:
    await hear(bench, A)
    bench.outbox.messages[EARLIER] = "Half of an answer"
    bench.outbox.nonces[f"{A.id}-0"] = EARLIER  # brought back by the nonce, and pointing to nothing
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
