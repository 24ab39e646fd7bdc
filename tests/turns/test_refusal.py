"""A reply that Discord refuses to show whole, as in a locked thread: it is the last reply all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.conversation import reply_wording, wording
from bot.conversation.errors import DiscordForbidden, DiscordGone, DiscordRejected
from bot.conversation.request import Finished, Request, Started, TextDelta
from bot.render.pace import Pace
from bot.render.plan import Posted
from bot.store.claim import Claim
from bot.store.codec import Result
from bot.store.turn_control import RegenerateResult
from bot.turns.run import Runner
from bot.turns.shown_entry import partial_entry
from tests.conversation.builders import message
from tests.store.claims import changed
from tests.turns.stage import ANSWER, EARLIER, NOW, A, B, Bench, C, FakeClaude, hear

OLDER = "The older answer."
HALF = "Half of it."
REST = " And the rest."
MUCH = "\n\nAnd so on." * 200
LOCKED = DiscordForbidden("Manage Threads")
NEXT = message("third", number=NOW - 5)


class Endless(FakeClaude):
    """Goes on until nobody listens any more."""

    async def stream(
        self, request: Request, _caller: object = None
    ) -> AsyncIterator[Started | TextDelta | Finished]:
        async for event in super().stream(request):
            if isinstance(event, Finished):
                await asyncio.Event().wait()
            yield event


async def halted(bench: Bench, *, committed: bool = False) -> Claim:
    """Answer one message, and of another show only the half, as the thread is locked by then."""
    bench.claude.answer = OLDER
    await hear(bench, A)
    await bench.turn()
    await hear(bench, B)
    claude = FakeClaude() if committed else Endless()
    claude.answer, claude.more = HALF, REST if committed else MUCH
    bench.services.generator._claude = claude  # type: ignore[assignment]
    bench.outbox.failures.extend([None, LOCKED, LOCKED])  # the last one is a word about why
    claim = await bench.turn()
    unlocked(bench)
    return claim


def unlocked(bench: Bench) -> None:
    """Let Discord allow everything again, some seconds later."""
    bench.outbox.failures.clear()
    bench.claude.answer, bench.claude.more = ANSWER, ""
    bench.services.generator._claude = bench.claude  # type: ignore[assignment]
    bench.runner = Runner(replace(bench.services, pace=Pace()))


def replies(bench: Bench) -> list[str]:
    """What stands in the thread, without notices."""
    outbox = bench.outbox
    return [text for message, text in sorted(outbox.messages.items()) if message not in outbox.silent]


def notices(bench: Bench) -> list[str]:
    """The notices in the thread."""
    outbox = bench.outbox
    return [outbox.messages[each] for each in sorted(outbox.silent) if each in outbox.messages]


async def settle(bench: Bench) -> None:
    """Put right what is to be."""
    claim = await bench.claim()
    assert claim.reconciling
    await bench.runner.reconcile(claim)


@pytest.mark.parametrize("committed", [False, True])
async def test_it_is_what_is_written_anew_and_not_the_reply_before(bench: Bench, committed: bool) -> None:
    claim = await halted(bench, committed=committed)
    assert replies(bench) == [OLDER, HALF]
    standing = await bench.control.status(C)
    assert standing.last is not None
    assert standing.last.turn_id == claim.turn_id
    assert await bench.control.regenerate(C, A.id, "w1") is RegenerateResult.OLD
    assert await bench.control.regenerate(C, claim.turn_id, "w2") is RegenerateResult.OK
    await bench.turn()
    assert replies(bench) == [OLDER, ANSWER]
    await hear(bench, NEXT)
    assert await bench.history() == [OLDER, ANSWER]


async def test_what_stands_there_is_what_is_remembered_and_is_told_as_a_half(bench: Bench) -> None:
    await halted(bench)
    assert await bench.revisions.resume(C)
    await settle(bench)
    assert replies(bench) == [OLDER, HALF]
    assert notices(bench) == [wording.small(reply_wording.HALTED)]
    half = next(each for each, text in bench.outbox.messages.items() if text == HALF)
    assert bench.outbox.controls[half].buttons
    assert not await bench.revisions.resume(C)
    await hear(bench, NEXT)
    assert await bench.history() == [OLDER, HALF]


async def test_who_wishes_for_it_anew_while_it_is_told_as_a_half_leaves_no_such_word(bench: Bench) -> None:
    claim = await halted(bench)
    assert await bench.revisions.resume(C)
    settling = await bench.claim()
    assert await bench.control.regenerate(C, claim.turn_id, "w1") is RegenerateResult.OK
    await bench.runner.reconcile(settling)
    assert notices(bench) == [wording.small(reply_wording.HALTED)]
    await bench.turn()
    assert replies(bench) == [OLDER, ANSWER]
    assert notices(bench) == []


async def test_what_was_committed_is_shown_whole_once_that_is_allowed(bench: Bench) -> None:
    await halted(bench, committed=True)
    assert await bench.revisions.resume(C)
    await settle(bench)
    assert replies(bench) == [OLDER, HALF + REST]
    assert notices(bench) == []
    assert not isinstance(await bench.journal.claim(C, "me"), Claim)


async def test_the_messages_that_were_missing_are_posted_behind_it_and_belong_to_it(bench: Bench) -> None:
    claim = await bench.begun("Half ▌")
    await bench.journal.commit(claim, None, Result(HALF + MUCH), window_start=0)
    await bench.journal.release(claim, blameless=False)
    bench.outbox.failures.extend([None, LOCKED, LOCKED])
    await bench.turn()
    unlocked(bench)
    assert await bench.revisions.resume(C)
    await settle(bench)
    shown = replies(bench)
    assert len(shown) > 1
    assert "".join("".join(shown).split()) == "".join((HALF + MUCH).split())
    standing = await bench.control.status(C)
    assert standing.last is not None
    assert [bench.outbox.messages[each] for each in standing.last.replies] == shown


async def test_as_long_as_it_is_refused_it_is_tried_with_each_unlocking(bench: Bench) -> None:
    await halted(bench, committed=True)
    for _ in range(2):
        bench.outbox.failures.append(LOCKED)
        assert await bench.revisions.resume(C)
        await settle(bench)
        assert replies(bench) == [OLDER, HALF]
    assert await bench.revisions.resume(C)
    await settle(bench)
    assert replies(bench) == [OLDER, HALF + REST]


async def test_it_is_put_right_when_the_next_reply_could_be_shown(bench: Bench) -> None:
    await halted(bench)
    await hear(bench, NEXT)
    await bench.turn()
    await settle(bench)
    assert replies(bench) == [OLDER, HALF, ANSWER]
    assert notices(bench) == [wording.small(reply_wording.HALTED)]


async def test_an_answer_that_could_not_begin_can_be_wished_for(bench: Bench) -> None:
    await hear(bench, A)
    bench.outbox.failures.extend([LOCKED] * 4)
    claim = await bench.turn()
    assert bench.outbox.texts() == []
    unlocked(bench)
    assert await bench.control.regenerate(C, claim.turn_id, "w1") is RegenerateResult.OK
    await bench.turn()
    assert replies(bench) == [ANSWER]


async def test_after_a_reply_that_was_deleted_in_the_middle_none_is_the_last(bench: Bench) -> None:
    bench.claude.answer = OLDER
    await hear(bench, A)
    await bench.turn()
    await hear(bench, B)
    bench.claude.more = " And more."
    bench.outbox.failures.extend([None, DiscordGone("code 10008")])
    await bench.turn()
    assert (await bench.control.status(C)).last is None
    assert await bench.control.regenerate(C, A.id, "w1") is RegenerateResult.OLD
    payloads = [await bench.redis.hexists(f"test:{{{C}}}:t:{each.id:020}", "payload") for each in (A, B)]
    assert payloads == [False, False]


async def test_a_round_anew_of_what_failed_that_is_refused_leaves_no_empty_answer(bench: Bench) -> None:
    bench.claude.busy = True
    await hear(bench, A)
    claim = await bench.turn()
    assert await bench.control.regenerate(C, claim.turn_id, "w1") is RegenerateResult.OK
    bench.outbox.failures.extend([LOCKED] * 4)
    await bench.turn()
    unlocked(bench)
    await hear(bench, NEXT)
    (entry,) = (await bench.claim()).history
    assert (entry.outcome, entry.reply) == ("failed", "")


async def test_a_word_about_a_failure_is_not_kept_as_what_claude_said(bench: Bench) -> None:
    claim = await bench.begun(HALF)
    turn, result = partial_entry(claim, (Posted(1, "-# Claude is overloaded."),), "model")
    assert (turn.reply, turn.outcome, result.reply) == ("", "failed", "")


async def test_a_turn_whose_messages_are_all_deleted_ends_in_a_thread_that_refuses(bench: Bench) -> None:
    claim = await bench.begun("Half ▌")
    bench.outbox.failures.append(DiscordRejected(50083))
    assert await bench.runner.run(changed(claim, messages=(), replies={0: EARLIER}), asyncio.Event()) == 0
