"""Deleted and edited messages that were answered: no later request holds them (`run`, `revise`, the store)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.conversation.request import Finished, Request, Started, TextDelta
from bot.store.codec import Result
from bot.store.revisions import Change
from bot.store.turn_control import RegenerateResult
from tests.conversation.builders import message
from tests.turns.stage import NOW, Bench, C, FakeClaude, hear

TULIPS, PLUMS, PEARS, ELSE, NEXT = (
    message(text, number=NOW - 10 + index)
    for index, text in enumerate(("and tulips?", "and plums?", "and pears?", "something else", "and now?"))
)


class Listening(FakeClaude):
    """Keeps what it was sent."""

    pause_s = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    async def stream(
        self, request: Request, _caller: object = None
    ) -> AsyncIterator[Started | TextDelta | Finished]:
        self.sent.append(str(request.messages))
        async for event in super().stream(request):
            yield event


def listening(bench: Bench) -> Listening:
    """Have Claude keep what it is sent."""
    claude = Listening()
    bench.services.generator._claude = claude  # type: ignore[assignment]
    return claude


async def sent_next(bench: Bench, claude: Listening) -> str:
    """What Claude is sent with the next question."""
    await hear(bench, NEXT)
    await bench.turn()
    return claude.sent[-1]


async def test_a_second_deletion_in_a_turn_that_was_done_anew_is_carried_out_too(bench: Bench) -> None:
    claude = listening(bench)
    await hear(bench, TULIPS, PLUMS, PEARS)
    done = await bench.turn()
    assert await bench.revisions.delete(C, PEARS.id) is Change.OLD
    assert await bench.control.regenerate(C, done.turn_id, "w1") is RegenerateResult.OK
    await bench.turn()
    assert await bench.revisions.delete(C, TULIPS.id) is Change.OLD
    sent = await sent_next(bench, claude)
    assert "plums" in sent
    assert "tulips" not in sent
    assert "pears" not in sent


async def test_the_answer_to_a_withdrawn_message_is_withdrawn_however_far_it_is(bench: Bench) -> None:
    claude = listening(bench)
    await hear(bench, TULIPS)
    await bench.turn()
    assert bench.outbox.texts()
    assert await bench.revisions.withdraw(C, TULIPS.id) is Change.LAST
    assert await bench.revisions.withdraw(C, TULIPS.id) is Change.SAME
    await bench.turn()
    assert bench.outbox.texts() == []
    assert await bench.revisions.withdraw(C, TULIPS.id) is Change.SAME
    assert "tulips" not in await sent_next(bench, claude)


async def test_a_deletion_that_was_applied_before_leaves_the_answer_to_be_withdrawn(bench: Bench) -> None:
    listening(bench)
    await hear(bench, TULIPS)
    await bench.turn()
    assert await bench.revisions.delete(C, TULIPS.id) is Change.OLD
    assert await bench.revisions.withdraw(C, TULIPS.id) is Change.LAST
    await bench.turn()
    assert bench.outbox.texts() == []


async def test_others_who_were_answered_with_a_withdrawn_message_are_answered_again(bench: Bench) -> None:
    claude = listening(bench)
    await hear(bench, TULIPS, PLUMS)
    await bench.turn()
    assert await bench.revisions.withdraw(C, TULIPS.id) is Change.LAST
    await bench.turn()
    assert len(bench.outbox.texts()) == 1
    assert "tulips" not in claude.sent[-1]
    assert "plums" in claude.sent[-1]


async def test_while_the_answer_is_being_shown_a_withdrawal_waits(bench: Bench) -> None:
    await hear(bench, TULIPS, PLUMS)
    await bench.turn()
    await hear(bench, PEARS)
    assert await bench.revisions.withdraw(C, TULIPS.id) is Change.LATER
    await bench.turn()
    assert await bench.revisions.withdraw(C, TULIPS.id) is Change.OLD


async def test_what_was_answered_without_a_deleted_message_can_be_changed_later(bench: Bench) -> None:
    claude = listening(bench)
    await hear(bench, TULIPS, PLUMS, PEARS)
    claim = await bench.claim()
    await bench.journal.intend(claim, 0, 0)
    assert await bench.revisions.delete(C, TULIPS.id) is Change.ANSWERING
    await bench.turn()
    await hear(bench, ELSE)
    await bench.turn()
    assert await bench.revisions.delete(C, PLUMS.id) is Change.OLD
    cherries = message("and cherries?", number=NOW - 8)
    assert await bench.revisions.edit(C, cherries, edited_ms=5) is Change.OLD
    sent = await sent_next(bench, claude)
    assert "cherries" in sent
    assert not any(word in sent for word in ("tulips", "plums", "pears"))


async def test_the_answer_to_a_message_that_goes_while_it_is_committed_is_withdrawn_once_it_is_done(
    bench: Bench,
) -> None:
    await hear(bench, TULIPS)
    claim = await bench.claim()
    await bench.journal.intend(claim, 0, 0)
    await bench.journal.commit(claim, None, Result("answer"), window_start=0)
    assert await bench.revisions.delete(C, TULIPS.id) is Change.OLD
    for _ in range(2):
        assert await bench.revisions.withdraw(C, TULIPS.id) is Change.LATER
    await bench.journal.acknowledge(claim, reconcile=False)
    assert await bench.revisions.withdraw(C, TULIPS.id) is Change.LAST
