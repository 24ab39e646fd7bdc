"""What is noted about the messages of a turn that ends without an ordinary answer: `life`, `refusal` and `run`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.conversation import reply_wording
from bot.conversation.decision import Cause, Decision
from bot.conversation.errors import (
    DiscordError,
    DiscordForbidden,
    DiscordGone,
    DiscordNotNow,
    DiscordRejected,
)
from bot.conversation.scope import Origin, Scope, Setting
from bot.store.claim import Claim, Lease, UnreadableConversation
from bot.turns.prepare import Declined, Prepared
from bot.turns.run import Runner
from tests.turns.stage import CHANNEL, A, B, Bench, C, hear, hear_mention

ORIGIN = Origin(Scope.SERVER, Setting("1 USD", 70, 5))


@pytest.fixture
def noted(bench: Bench) -> list[tuple[int, tuple[int, ...], Decision]]:
    """What is noted: channels, messages and decisions, whose time is left out."""
    found: list[tuple[int, tuple[int, ...], Decision]] = []

    async def note(channel: int, messages: Sequence[int], decision: Decision) -> None:
        assert decision.at_ms > 0
        found.append((channel, tuple(messages), replace(decision, at_ms=0)))

    bench.services = replace(bench.services, note_decision=note)
    bench.runner = Runner(bench.services)
    return found


Noted = list[tuple[int, tuple[int, ...], Decision]]


async def test_an_answer_notes_nothing(bench: Bench, noted: Noted) -> None:
    await hear(bench, A)
    await bench.turn()
    assert noted == []


async def test_a_declined_turn_notes_the_notice_and_where_the_rule_was_set(
    bench: Bench, noted: Noted
) -> None:
    async def declines(_claim: Claim, _prepared: Prepared) -> Declined:
        return Declined("That is too much.", ORIGIN)

    bench.services = replace(bench.services, preparation=(declines,))
    bench.runner = Runner(bench.services)
    await hear(bench, A, B)
    await bench.turn()
    assert noted == [(C, (A.id, B.id), Decision(Cause.DECLINED, 0, "That is too much.", ORIGIN))]


async def test_a_turn_without_any_text_notes_what_was_said_instead(bench: Bench, noted: Noted) -> None:
    bench.claude.answer = ""
    await hear(bench, A)
    await bench.turn()
    assert noted == [(C, (A.id,), Decision(Cause.FAILED, 0, reply_wording.EMPTY_REPLY))]


async def test_a_turn_that_is_stopped_before_its_first_text_notes_that(bench: Bench, noted: Noted) -> None:
    bench.claude.silent = asyncio.Event()
    await hear(bench, A)
    running = asyncio.create_task(bench.turn())
    await bench.claude.asked.wait()
    await bench.control.stop(C)
    async with asyncio.timeout(10):
        await running
    assert noted == [(C, (A.id,), Decision(Cause.STOPPED, 0, reply_wording.STOPPED_EARLY))]


@pytest.mark.parametrize(
    ("error", "decision"),
    [
        (DiscordForbidden("Manage Threads"), Decision(Cause.BOT_LACKS_PERMISSION, 0, "Manage Threads")),
        (DiscordRejected(50035), Decision(Cause.REJECTED, 0)),
        (DiscordGone(), Decision(Cause.GONE, 0)),
    ],
)
async def test_what_discord_refuses_is_noted_with_the_permission(
    bench: Bench, noted: Noted, error: DiscordError, decision: Decision
) -> None:
    bench.outbox.failures.extend([error, error, error])
    await hear(bench, A)
    await bench.turn()
    assert noted == [(C, (A.id,), decision)]


async def test_a_postponed_turn_is_noted_before_it_is_released(bench: Bench, noted: Noted) -> None:
    bench.outbox.failures.extend([DiscordNotNow(5.0)] * 3)
    await hear(bench, A)
    with pytest.raises(DiscordNotNow):
        await bench.turn()
    assert noted == [(C, (A.id,), Decision(Cause.NOT_NOW, 0))]


async def test_the_message_that_a_thread_is_to_be_started_from_is_noted_in_its_channel(
    bench: Bench, noted: Noted
) -> None:
    bench.claude.answer = ""
    await (await hear_mention(bench))
    assert [(channel, messages) for channel, messages, _ in noted] == [(CHANNEL, (A.id,))]


async def test_an_unreadable_conversation_is_noted_once(bench: Bench, noted: Noted) -> None:
    for notified in (False, True):
        await bench.runner.post_unreadable(UnreadableConversation(Lease(C, 1), A.id, notified))
    assert noted == [(C, (A.id,), Decision(Cause.UNREADABLE, 0))]
