"""The word that an answer comes later: it goes when there is none to come, and is said again when there is."""

from __future__ import annotations

import pytest

from bot.conversation.errors import DiscordForbidden, DiscordGone, DiscordNotNow
from bot.store.revisions import Change
from bot.store.turn_control import RegenerateResult
from tests.turns.test_reply import ANSWER, A, B, Bench, C, hear

LATER = DiscordNotNow(60.0)


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
