"""How the messages of a reply are posted, replaced and finished."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.conversation import reply_wording, wording
from bot.conversation.errors import DiscordForbidden, DiscordGone, DiscordTooOld
from bot.conversation.wording import SMALL
from bot.render.controls import NONE
from bot.render.upload import Attached
from bot.store.codec import Result
from bot.store.states import State
from bot.store.turn_control import RegenerateResult
from tests.conversation.builders import message, snowflake
from tests.turns.stage import ANSWER, CHANNEL, EARLIER, NOW, A, B, Bench, C, hear


async def test_what_is_committed_takes_the_place_of_a_forgotten_answer_to_a_part_of_it(bench: Bench) -> None:
    bench.answered_before("An answer to the first.", reply_to=A.id)
    bench.claude.busy = True  # so that nothing is posted before the commit
    await hear(bench, A, B)
    await bench.turn()
    (shown,) = bench.outbox.texts()
    assert shown.startswith(SMALL)
    assert bench.outbox.replies_to[max(bench.outbox.messages)] == B.id


async def test_what_is_committed_leaves_a_forgotten_answer_to_more_for_the_others(bench: Bench) -> None:
    bench.answered_before("An answer to both.", reply_to=B.id)
    bench.claude.busy = True
    await hear(bench, A)
    await bench.turn()
    assert bench.outbox.messages[EARLIER] == "An answer to both."
    assert bench.outbox.replies_to[max(bench.outbox.messages)] == A.id
    settling = await bench.claim()
    assert settling.reconciling
    await bench.runner.reconcile(settling)
    assert bench.outbox.messages[EARLIER] == "An answer to both.", (
        "nobody has answered the other message since"
    )


@pytest.mark.parametrize("gone", [None, DiscordGone("code 10008")], ids=["never posted", "deleted since"])
async def test_a_part_of_a_longer_try_can_land_no_more_and_does_not_cancel_what_is_committed(
    bench: Bench, gone: DiscordGone | None
) -> None:
    await hear(bench, A)
    claim = await bench.claim()
    for part in (0, 1):
        await bench.journal.intend(claim, part, 0)  # whether either was posted is not known
    await bench.journal.commit(claim, None, Result(ANSWER), window_start=0)
    await bench.journal.release(claim, blameless=False)
    bench.outbox.failures.extend([None, gone])
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
    assert not bench.outbox.failures
    assert (f"{A.id}-1" in bench.outbox.nonces) == (gone is None)
    settling = await bench.claim()
    assert settling.attempt.state is State.DONE


async def test_half_a_reply_that_may_not_be_finished_keeps_neither_mark_nor_button(bench: Bench) -> None:
    await hear(bench, A)
    bench.claude.more = " And more of it."
    # It is posted; then neither its edit is allowed nor, in the thread, a word about why.
    bench.outbox.failures.extend([None, DiscordForbidden("x"), DiscordForbidden("x")])
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
    assert set(bench.outbox.controls.values()) == {NONE}


async def test_a_committed_text_that_was_read_from_discord_leaves_its_file_alone(bench: Bench) -> None:
    bench.answered_before("With a file.", reply_to=A.id)
    file = Attached(7, "reply.md", 800)
    bench.outbox.files[EARLIER] = (file,)
    await hear(bench, A)
    claim = await bench.claim()
    await bench.journal.adopt(claim, [A.id], [EARLIER])
    await bench.journal.commit(claim, None, Result("With a file.", as_shown=True), window_start=0)
    await bench.journal.release(claim, blameless=False)
    await bench.turn()
    assert bench.outbox.texts() == ["With a file."]
    assert bench.outbox.files[EARLIER] == (file,)


async def test_a_message_that_is_heard_again_does_not_drop_a_call_that_is_under_way(bench: Bench) -> None:
    await hear(bench, A)
    arrivals = asyncio.Event()
    bench.outbox.round_trip_s = 0.1
    # Each post takes effect in mid-call; one that is dropped there is doubted, and settled later.
    bench.outbox.on_call = lambda done: arrivals.set() if done.what == "send" else None
    claim = await bench.claim()
    await bench.runner.run(claim, arrivals)
    assert bench.outbox.texts() == [ANSWER]
    assert bench.outbox.dropped == 0


async def test_a_late_reply_to_a_threads_first_message_stands_beneath_a_notice_that_is_posted_once(
    bench: Bench,
) -> None:
    channel_fields = {"guild": 1, "parent": CHANNEL}
    await bench.conversations.receive(A.id, B, source="event", channel_fields=channel_fields)
    await bench.turn(A.id)
    starter = replace(A, opens="A thread")
    await bench.conversations.receive(A.id, starter, source="listing", channel_fields=channel_fields)
    bench.claude.answer, bench.claude.pause_s = "", 1000.0  # it comes no further than the notice
    bench.claude.asked.clear()
    running = asyncio.create_task(bench.turn(A.id))
    await bench.claude.asked.wait()
    running.cancel()
    await asyncio.wait([running])
    bench.outbox.nonces.clear()  # as after some minutes
    bench.claude.answer, bench.claude.pause_s = ANSWER, 0.2
    await bench.turn(A.id)
    newer, notice, reply = sorted(bench.outbox.messages)
    points_to = [bench.outbox.replies_to[each] for each in (newer, notice, reply)]
    assert points_to == [B.id, None, notice]
    assert bench.outbox.messages[notice] == wording.small(reply_wording.TO_THE_FIRST_MESSAGE)
    assert notice in bench.outbox.silent


async def test_a_reply_too_old_to_be_written_over_is_posted_anew(bench: Bench) -> None:
    old = message("long ago", number=NOW - 9000)
    bench.outbox.next_id = snowflake(NOW - 8990)
    await hear(bench, old)
    bench.claude.answer = "The old answer."
    done = await bench.turn()
    (before,) = bench.outbox.messages
    bench.outbox.next_id = EARLIER
    bench.claude.answer = ANSWER
    assert await bench.control.regenerate(C, done.turn_id, "w") is RegenerateResult.OK
    bench.outbox.calls.clear()
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
    assert [done.message_id for done in bench.outbox.seen("edit") if done.message_id == before] == []
    assert bench.outbox.replies_to[max(bench.outbox.messages)] == old.id


async def test_what_is_committed_is_posted_anew_where_discord_lets_nobody_edit_any_more(bench: Bench) -> None:
    claim = await bench.begun("Half ▌", "Half ▌")
    await bench.journal.commit(claim, None, Result(ANSWER), window_start=0)
    await bench.journal.release(claim, blameless=False)
    bench.outbox.failures.append(DiscordTooOld())
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
    assert min(bench.outbox.messages) > EARLIER + 1
