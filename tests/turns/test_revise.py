"""What comes of a round anew, and of a turn that is stopped while nobody works on it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from bot.conversation import error_wording, reply_wording, status_wording
from bot.conversation.consulted import Consulted
from bot.conversation.errors import DiscordForbidden
from bot.conversation.request import Usage
from bot.render.pace import Pace
from bot.render.plan import Posted
from bot.store.keys import Keys
from bot.store.states import State
from bot.store.turn_control import RegenerateResult
from bot.turns.conclusion import Conclusion
from bot.turns.generated import Generated
from bot.turns.revise import not_worse
from bot.turns.run import Runner
from bot.turns.shown_entry import partial_entry
from tests.conversation.builders import message, turn
from tests.patience import idle_timeout
from tests.store.claims import a_claim, changed
from tests.turns.stage import ANSWER, POLICY, B, Bench, C, WatchedJournal, anew, hear

OLD = turn(10, user="old words", reply="The old answer.")
CLAIM = a_claim(OLD.id, conversation=5, messages=(message("new words"),), state=State.POSTED)
AGAIN = changed(CLAIM, regeneration=1, entry=OLD)


def asked(conclusion: Conclusion) -> Generated:
    entry = turn(10, user="new words", reply=conclusion.reply, outcome=conclusion.outcome)
    return Generated(entry, conclusion, 0)


def test_an_answer_takes_the_place_of_the_one_before() -> None:
    new = asked(Conclusion("answered", "The new answer."))
    assert not_worse(AGAIN, new) == new


def test_where_there_is_no_new_answer_the_one_before_stands_with_what_is_asked_by_now() -> None:
    kept = not_worse(AGAIN, asked(Conclusion("failed", "", ("Claude is away.",))))
    assert (kept.turn.user, kept.turn.reply, kept.turn.outcome) == (
        "new words",
        "The old answer.",
        "answered",
    )
    assert kept.conclusion.notices == ("Claude is away.", reply_wording.EARLIER_STANDS)


def test_what_the_tools_of_an_attempt_without_an_answer_have_done_stays_known() -> None:
    failed = asked(Conclusion("failed", "", ("Claude is away.",)))
    failed = replace(failed, turn=replace(failed.turn, consulted=(Consulted("ring"),)))
    again = changed(AGAIN, entry=replace(OLD, consulted=(Consulted("knock"),)))
    assert not_worse(again, failed).turn.consulted == (Consulted("knock"), Consulted("ring"))


def test_a_refusal_takes_the_place_of_the_answer_before() -> None:
    refused = asked(Conclusion("refused", "", (reply_wording.REFUSED,)))
    assert not_worse(AGAIN, refused) == refused


def test_a_refusal_of_words_that_were_answered_before_leaves_that_answer() -> None:
    refused = asked(Conclusion("refused", "", (error_wording.BLOCKED,)))
    refused = replace(refused, turn=refused.turn.asked(OLD.question))
    kept = not_worse(AGAIN, refused)
    assert (kept.turn.reply, kept.turn.outcome) == ("The old answer.", "answered")
    assert kept.conclusion.notices == (error_wording.BLOCKED, reply_wording.EARLIER_STANDS)


def test_a_first_answer_that_fails_has_failed() -> None:
    failed = asked(Conclusion("failed", "", ("Claude is away.",)))
    assert not_worse(CLAIM, failed) == failed


def test_what_was_written_before_a_stop_is_the_reply() -> None:
    entry, result = partial_entry(CLAIM, [Posted(7, "Half of it ▌")], "claude-test")
    assert (entry.reply, result.reply, result.notices) == (
        "Half of it",
        "Half of it",
        (reply_wording.STOPPED,),
    )


@pytest.mark.parametrize("shown", [[], [Posted(7, "")], [Posted(7, f"{status_wording.THINKING} ▌")]])
def test_a_stop_before_any_text_leaves_a_notice_and_the_message(shown: list[Posted]) -> None:
    entry, result = partial_entry(CLAIM, shown, "claude-test")
    assert (entry.outcome, entry.reply, result.notices) == ("failed", "", (reply_wording.STOPPED_EARLY,))
    assert "new words" in entry.user


def test_a_stop_of_a_round_anew_leaves_the_answer_before() -> None:
    entry, result = partial_entry(AGAIN, [Posted(7, "Half ▌")], "claude-test")
    assert entry.reply == result.reply == "The old answer."


async def test_a_round_anew_that_is_set_aside_leaves_the_answer_before(bench: Bench) -> None:
    done = await anew(bench)
    await bench.redis.hset(Keys("test").record(C, done.turn_id), "tries", POLICY.tries)
    await bench.turn()
    shown = bench.outbox.texts()
    assert shown[0] == "The old answer."
    assert reply_wording.EARLIER_STANDS in shown[1]
    await hear(bench, B)
    assert await bench.history() == ["The old answer."]


async def test_a_round_anew_that_discord_refuses_can_be_wished_for_again(bench: Bench) -> None:
    done = await anew(bench)
    bench.outbox.failures.append(DiscordForbidden("Send Messages in Threads"))
    await bench.turn()
    assert await bench.control.regenerate(C, done.turn_id, "w2") is RegenerateResult.OK
    bench.runner = Runner(replace(bench.services, pace=Pace()))  # as if the pause between edits were over
    await bench.turn()
    assert bench.outbox.messages[min(bench.outbox.messages)] == ANSWER


async def test_what_a_round_anew_has_read_is_remembered_though_the_answer_before_stands(
    bench: Bench,
) -> None:
    await anew(bench)
    bench.claude.silent, bench.claude.read = asyncio.Event(), Usage(cache_read=900)
    claim = await bench.claim()
    asked_after_ms = time.time() * 1000
    running = asyncio.create_task(bench.runner.run(claim, asyncio.Event()))
    await bench.claude.asked.wait()
    await bench.control.stop(C)
    await running
    await hear(bench, B)
    (turn,) = (await bench.claim()).history
    assert (turn.reply, turn.usage) == ("The old answer.", Usage(cache_read=900))
    assert turn.prefix_key
    assert turn.asked_ms > asked_after_ms - 1


async def test_who_interrupts_before_there_is_any_text_ends_the_answer_with_its_first(bench: Bench) -> None:
    journal = WatchedJournal(bench.redis, Keys("test"), ttl_s=1000, lease_s=5.0, reconcile_s=0.0)
    means = replace(bench.services, journal=journal, policy=replace(POLICY, interrupts=True))
    bench.runner = Runner(means)
    await anew(bench)
    claim = await bench.claim()
    arrivals = asyncio.Event()
    bench.claude.silent, bench.claude.asked = asyncio.Event(), asyncio.Event()
    bench.claude.pause_s = 60.0
    running = asyncio.create_task(bench.runner.run(claim, arrivals))
    await bench.claude.asked.wait()
    await hear(bench, B)
    arrivals.set()
    await journal.looked.wait()
    bench.claude.silent.set()
    async with idle_timeout(5):
        await running
    assert bench.outbox.messages[min(bench.outbox.messages)] == ANSWER
