"""The preparation of a turn, and turns that a step declines."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.conversation import reply_wording, wording
from bot.conversation.content import FileSource, Image
from bot.conversation.message import Attachment, Embed, Quote
from bot.conversation.prompt import CONTINUE
from bot.conversation.unseen import EMBED_PICTURE
from bot.store.claim import Claim
from bot.store.turn_control import RegenerateResult
from bot.turns.prepare import Declined, Prepared, Step, prepare
from bot.turns.run import Runner
from tests.conversation.builders import message, turn
from tests.store.claims import a_claim
from tests.turns.stage import ANSWER, POLICY, A, B, Bench, C, hear, unpriced

CLAIM = a_claim(1, messages=(message("hello"),))
TOO_MUCH = "You have used up today's budget: try again tomorrow."


FORWARD, FACT = Quote("forward", 8), Quote("memory", 8, title="abc")


async def declines(_claim: Claim, _prepared: Prepared) -> Declined:
    return Declined(TOO_MUCH)


def with_steps(bench: Bench, *steps: Step) -> None:
    bench.runner = Runner(replace(bench.services, preparation=steps))


async def test_the_content_of_a_turn_is_its_messages() -> None:
    assert await prepare(CLAIM) == Prepared(CLAIM.batch.messages)


async def test_the_content_of_a_continuation_is_what_was_sent_and_the_request_for_more() -> None:
    continued = replace(turn(1, user="q", reply="One "), open_end=True)
    prepared = await prepare(a_claim(1, entry=continued, continuing=True))
    assert prepared == Prepared((), (*continued.sent, CONTINUE))


async def test_what_claude_is_not_shown_is_said_behind_the_notices_of_the_steps() -> None:
    async def notices(_claim: Claim, prepared: Prepared) -> Prepared:
        return replace(prepared, notices=("A file is damaged.",))

    chart = replace(message("look"), embeds=(Embed("Chart", has_picture=True),))
    prepared = await prepare(a_claim(1, messages=(chart,)), (notices,))
    assert isinstance(prepared, Prepared)
    assert prepared.notices == ("A file is damaged.", EMBED_PICTURE)


async def test_each_step_adds_to_the_content_of_the_step_before_until_one_declines() -> None:
    async def doubles(_claim: Claim, prepared: Prepared) -> Prepared:
        return replace(prepared, messages=prepared.messages * 2)

    prepared = await prepare(CLAIM, (doubles, doubles))
    assert isinstance(prepared, Prepared)
    assert len(prepared.messages) == 4
    assert await prepare(CLAIM, (declines, doubles)) == Declined(TOO_MUCH)


async def test_messages_that_were_prepared_before_are_quoted_to_once() -> None:
    """An attempt after a crash prepares its messages for the recovery of the reply, and again for the request."""

    async def quotes(_claim: Claim, prepared: Prepared) -> Prepared:
        first, *others = prepared.messages
        return replace(prepared, messages=(replace(first, quotes=(*first.quotes, FACT)), *others))

    forwarding = replace(message("look"), quotes=(FORWARD,))
    claim = a_claim(forwarding.id, messages=(forwarding,))
    once = await prepare(claim, (quotes,))
    assert isinstance(once, Prepared)
    assert once.messages[0].quotes == (FORWARD, FACT)
    again = replace(claim, batch=replace(claim.batch, messages=once.messages))
    assert await prepare(again, (quotes,)) == once


async def test_the_files_that_a_step_has_read_are_sent_and_stay_in_the_history(bench: Bench) -> None:
    picture = Image(FileSource("f"), tokens=300)

    async def shows(_claim: Claim, prepared: Prepared) -> Prepared:
        file = Attachment(1, "a.png", "image/png", 4, blocks=(picture,))
        (message,) = prepared.messages
        return replace(prepared, messages=(replace(message, attachments=(file,)),))

    with_steps(bench, shows)
    await hear(bench, A)
    await bench.turn()
    with_steps(bench)
    await hear(bench, B)
    claim = await bench.claim()
    assert [turn.question.blocks[1:] for turn in claim.history] == [(picture,)]


async def test_a_declined_turn_ends_with_the_notice_and_without_a_request(bench: Bench) -> None:
    with_steps(bench, declines)
    await hear(bench, A)
    await bench.turn()
    assert bench.outbox.texts() == [wording.small(TOO_MUCH)]
    assert not bench.claude.asked.is_set()
    assert await unpriced(bench) == 0
    with_steps(bench)
    await hear(bench, B)
    await bench.turn()
    assert bench.outbox.texts()[-1] == ANSWER


async def test_a_declined_regeneration_keeps_the_earlier_answer(bench: Bench) -> None:
    await hear(bench, A)
    done = await bench.turn()
    with_steps(bench, declines)
    assert await bench.control.regenerate(C, done.turn_id, "w") is RegenerateResult.OK
    await bench.turn()
    shown = bench.outbox.texts()
    assert shown[0] == ANSWER
    assert TOO_MUCH in shown[1]
    assert reply_wording.EARLIER_STANDS in shown[1]


async def test_a_turn_that_grows_is_prepared_again_with_all_its_messages(bench: Bench) -> None:
    seen: list[int] = []

    async def counts(_claim: Claim, prepared: Prepared) -> Prepared | Declined:
        seen.append(len(prepared.messages))
        return prepared if len(seen) == 1 else Declined(TOO_MUCH)

    with_steps(bench, counts)
    await hear(bench, A)
    claim = await bench.claim()
    arrivals = asyncio.Event()
    bench.claude.silent = asyncio.Event()
    running = asyncio.create_task(bench.runner.run(claim, arrivals))
    await bench.claude.asked.wait()
    await hear(bench, B)
    arrivals.set()
    async with asyncio.timeout(5):
        await running
    assert seen == [1, 2]
    assert bench.outbox.texts() == [wording.small(TOO_MUCH)]


async def test_a_turn_whose_preparation_always_fails_is_given_up(bench: Bench) -> None:
    async def breaks(_claim: Claim, _prepared: Prepared) -> Prepared:
        raise RuntimeError

    with_steps(bench, breaks)
    await hear(bench, A)
    for _ in range(POLICY.tries):
        with pytest.raises(RuntimeError):
            await bench.turn()
    await bench.turn()
    assert bench.outbox.texts() == [wording.small(reply_wording.GIVEN_UP)]
