"""A finished turn that is compared with Discord once more."""

from __future__ import annotations

from bot.render.upload import Attached
from bot.store.claim import Claim
from bot.store.codec import Result
from bot.store.keys import Keys
from tests.turns.stage import ANSWER, EARLIER, B, Bench, C, hear


async def followed(bench: Bench, answer: str) -> Claim:
    """Have a turn that is to be compared with Discord, and a next one, which is returned."""
    claim = await bench.begun(ANSWER)
    await bench.journal.commit(claim, None, Result(ANSWER), window_start=0)
    await bench.journal.acknowledge(claim, reconcile=True)
    await hear(bench, B)
    bench.claude.answer = answer
    return await bench.turn()


async def test_a_late_edit_is_put_right_although_a_longer_try_had_parts_that_are_deleted(
    bench: Bench,
) -> None:
    claim = await bench.begun("A late edit ▌", None)
    await bench.journal.commit(claim, None, Result(ANSWER), window_start=0)
    await bench.journal.acknowledge(claim, reconcile=True)
    settling = await bench.claim()
    await bench.runner.reconcile(settling)
    assert bench.outbox.texts() == [ANSWER]


async def test_settling_leaves_the_next_reply_alone_that_lost_what_it_pointed_to(bench: Bench) -> None:
    await followed(bench, "The next answer.")
    bench.outbox.replies_to[max(bench.outbox.messages)] = None
    settling = await bench.claim()
    assert settling.reconciling
    await bench.runner.reconcile(settling)
    assert bench.outbox.texts() == [ANSWER, "The next answer."]


async def test_settling_leaves_a_part_of_the_next_reply_alone_that_the_store_has_forgotten(
    bench: Bench,
) -> None:
    await followed(bench, "The next answer.")
    second = max(bench.outbox.messages) + 1
    bench.outbox.messages[second] = "Its second part."
    bench.outbox.replies_to[second] = None
    await bench.runner.reconcile(await bench.claim())
    assert bench.outbox.texts() == [ANSWER, "The next answer.", "Its second part."]


async def test_settling_leaves_a_reply_alone_of_which_the_store_has_forgotten_the_first_part(
    bench: Bench,
) -> None:
    done = await followed(bench, "Words and words. " * 180)
    shown = bench.outbox.texts()
    assert len(shown) == 3
    await bench.redis.hdel(Keys("test").record(C, done.turn_id), "reply:0")
    await bench.runner.reconcile(await bench.claim())
    assert bench.outbox.texts() == shown


async def test_settling_leaves_a_reply_alone_of_which_the_store_has_forgotten_all_parts(bench: Bench) -> None:
    done = await followed(bench, "The next answer.")
    await bench.redis.hdel(Keys("test").record(C, done.turn_id), "reply:0")
    await bench.runner.reconcile(await bench.claim())
    assert bench.outbox.texts() == [ANSWER, "The next answer."]


async def test_settling_leaves_the_files_that_code_has_made(bench: Bench) -> None:
    claim = await bench.begun("A late edit ▌")
    made, of_text = Attached(1, "plot.png", 5), Attached(2, "code-2.py", 5)
    bench.outbox.files[EARLIER] = (made, of_text)
    await bench.journal.commit(claim, None, Result(ANSWER, files=("file_1",)), window_start=0)
    await bench.journal.acknowledge(claim, reconcile=True)
    await bench.runner.reconcile(await bench.claim())
    assert bench.outbox.texts() == [ANSWER]
    assert bench.outbox.files[EARLIER] == (made,)
