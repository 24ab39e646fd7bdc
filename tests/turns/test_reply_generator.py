"""What is remembered of a turn, by what became of its requests: with a Claude in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import cast

import pytest

from bot.claude.client import Claude
from bot.conversation import error_wording, reply_wording
from bot.conversation.content import GONE, FileSource, Image, Text
from bot.conversation.errors import (
    BobbinError,
    ClaudeBusy,
    Stopped,
)
from bot.conversation.fallback_wording import LIKELY_INCIDENT
from bot.conversation.memory import Told
from bot.conversation.message import Quote, Quoted
from bot.conversation.prompt import CONTINUE
from bot.conversation.request import PromptMessage, Usage
from bot.conversation.trimming import TrimPolicy
from bot.conversation.turn import Preface
from bot.turns.generated import Generated
from bot.turns.prepare import Prepared, prepare
from bot.turns.reply_generator import ReplyGenerator
from bot.turns.turn_cost import TurnCost
from tests.conversation.builders import ANN, message, sent, texts, turn
from tests.store.claims import changed
from tests.turns.generator_stage import (
    DROPS,
    FULL,
    NOW_S,
    POLICY,
    SHORT,
    SUMMARY,
    TERMS,
    THOUGHT,
    TOO_LONG,
    USAGE,
    FakeClaude,
    FakeFiles,
    after,
    ask,
    claimed,
    generator_of,
    said,
)


async def test_a_trim_counts_with_the_answer_and_leaves_its_summary() -> None:
    asked = await ask(FakeClaude(["Noted."]))
    assert asked.window_start > 3
    assert (asked.turn.window_start, asked.turn.preface) == (asked.window_start, Preface(SUMMARY))
    assert asked.conclusion.notices == (reply_wording.SUMMARIZED,)


async def test_a_turn_that_is_stopped_during_the_summary_forgets_nothing() -> None:
    claude, interrupt = FakeClaude([], summary=None), asyncio.Future[BobbinError]()
    asking = asyncio.create_task(ask(claude, interrupt=interrupt))
    await claude.reached.wait()
    interrupt.set_result(Stopped())
    asked = await asking
    assert (asked.window_start, asked.turn.window_start, asked.turn.preface) == (3, 3, None)
    assert asked.conclusion.notices == (reply_wording.STOPPED_EARLY,)
    later = FakeClaude(["Noted."])
    again = await ask(later, after(asked))
    assert later.kinds == ["summary", "reply"]
    assert "q0" in said(later.asked[0])
    assert again.turn.preface == Preface(SUMMARY)


async def test_a_turn_that_is_stopped_before_its_first_text_forgets_nothing() -> None:
    claude, interrupt = FakeClaude([None]), asyncio.Future[BobbinError]()
    asking = asyncio.create_task(ask(claude, policy=DROPS, interrupt=interrupt))
    await claude.reached.wait()
    interrupt.set_result(Stopped())
    assert (await asking).window_start == 3


async def test_a_trim_whose_reply_and_summary_fail_forgets_nothing() -> None:
    asked = await ask(FakeClaude([ClaudeBusy()], summary=ClaudeBusy()))
    assert (asked.window_start, asked.turn.window_start, asked.turn.preface) == (3, 3, None)
    assert asked.conclusion.notices == (error_wording.explain(ClaudeBusy()), LIKELY_INCIDENT)
    later = FakeClaude(["Noted."])
    await ask(later, after(asked))
    assert "q0" in said(later.asked[0])


async def test_a_summary_is_kept_even_if_the_reply_after_it_fails() -> None:
    asked = await ask(FakeClaude([ClaudeBusy()]))
    assert asked.window_start > 3
    assert asked.turn.preface == Preface(SUMMARY)
    assert asked.conclusion.notices == (
        error_wording.explain(ClaudeBusy()),
        reply_wording.SUMMARIZED,
        LIKELY_INCIDENT,
    )
    later = FakeClaude(["Noted."])
    await ask(later, after(asked))
    assert later.kinds == ["reply"]
    assert SUMMARY in said(later.asked[0])


@pytest.mark.parametrize("refused", [False, True])
async def test_a_summary_is_made_without_the_files_that_are_gone(refused: bool) -> None:
    gone, alive = (Image(FileSource(name), 30) for name in ("file_1", "file_2"))
    old = replace(
        FULL.history[0], sent=(PromptMessage("user", (Text("q0"), gone, alive)), *sent("", ("a0",))[1:])
    )
    claude = FakeClaude([TOO_LONG, "Noted."] if refused else ["Noted."], files=FakeFiles({"file_1"}))
    forgotten: list[tuple[int, set[str]]] = []

    async def forget(conversation: int, ids: Collection[str]) -> None:
        forgotten.append((conversation, set(ids)))

    generator = ReplyGenerator(cast("Claude", claude), POLICY, now_s=lambda: NOW_S, forget_uploads=forget)
    claim = replace(SHORT if refused else FULL, history=(old, *(SHORT if refused else FULL).history[1:]))
    terms = replace(TERMS, trimming=TrimPolicy(4000, 1500)) if refused else TERMS
    asked = await ask(claude, claim, terms=terms, generator=generator)
    assert claude.kinds == [*["reply"] * refused, "summary", "summary", "reply"]
    summed_up = claude.asked[-2].messages[0].blocks
    assert summed_up == (Text("q0"), GONE, alive)
    assert asked.turn.preface == Preface(SUMMARY)
    assert asked.conclusion.notices == (reply_wording.SUMMARIZED,)
    assert forgotten == [(claim.conversation, {"file_1"})]


async def test_a_turn_that_begins_anew_needs_no_other_summary_unless_the_past_has_changed() -> None:
    claude = FakeClaude([None, "Noted.", "Noted."])
    generator = generator_of(claude)
    asking = asyncio.create_task(ask(claude, generator=generator))
    await claude.reached.wait()
    asking.cancel()
    await asyncio.wait({asking})
    edited = changed(FULL, messages=(message("and now, please?", number=100), message("and me?", number=101)))
    asked = await ask(claude, edited, generator=generator)
    assert claude.kinds == ["summary", "reply", "reply"]
    assert (asked.turn.preface, asked.turn.side_usage) == (Preface(SUMMARY), (USAGE,))
    differs = replace(
        FULL, history=(replace(FULL.history[0], sent=sent("q0, I mean", ("a0",))), *FULL.history[1:])
    )
    await ask(claude, differs, generator=generator)
    assert claude.kinds[3:] == ["summary", "reply"]


async def test_the_history_holds_the_text_of_a_reply_alone() -> None:
    asked = await ask(FakeClaude(["Noted."]), SHORT)
    assert asked.turn.sent[1:] == (PromptMessage.of("assistant", "Noted."),)


async def test_a_reply_that_paused_is_one_text_in_the_history_and_its_own_requests_are_not_counted() -> None:
    claude = FakeClaude(["I look. ", "Noted."], pauses=1)
    asked = await ask(claude, SHORT)
    assert claude.kinds == ["reply", "reply"]
    assert claude.asked[1].messages[-1].blocks == (Text("I look. "), THOUGHT)
    assert asked.turn.sent == (claude.asked[0].messages[-1], PromptMessage.of("assistant", "I look. Noted."))
    assert (asked.turn.usage, asked.turn.open_end) == (replace(USAGE, output=0), False)
    whole = await ask(FakeClaude(["I look. Noted."]), SHORT)
    assert asked.turn.prefix_key == whole.turn.prefix_key
    # The next request is estimated as after a reply whose output was never counted.
    assert 0 < asked.turn.reply_tokens < 20


async def test_a_reply_that_pauses_too_often_is_continued_by_one_more_pair_of_messages() -> None:
    paused = await ask(FakeClaude(["I look. "] * 6, pauses=6), SHORT)
    assert paused.turn.open_end
    claude = FakeClaude(["Noted."])
    asked = await ask(claude, claimed(SHORT.history, entry=paused.turn, regeneration=1, continuing=True))
    assert claude.asked[-1].messages[-2:] == (PromptMessage.of("assistant", "I look. " * 6), CONTINUE)
    assert asked.turn.sent == (*paused.turn.sent, CONTINUE, PromptMessage.of("assistant", "Noted."))
    assert asked.conclusion.reply == "I look. " * 6 + "Noted."


async def test_a_reply_whose_continuation_fails_stays_as_it_was() -> None:
    own = replace(
        turn(100, user="q", reply="One ", tokens=(20, 20), usage=Usage(input=90, output=20), window_start=3),
        open_end=True,
    )
    asked = await ask(
        FakeClaude([ClaudeBusy()]), claimed(SHORT.history, entry=own, regeneration=1, continuing=True)
    )
    assert asked.turn == replace(own, cost=None)
    assert asked.window_start == 3


async def test_what_is_remembered_and_a_trim_drops_is_told_anew_in_the_same_request() -> None:
    quotes = [
        Quote("memory", 9, (Quoted(5, text, ANN),), title=title)
        for title, text in (("a1", "The loom is in the attic."), ("b2", "Ann likes blue."))
    ]
    prepared = await prepare(FULL)
    assert isinstance(prepared, Prepared)
    oldest, latest = FULL.history[0].id, FULL.history[-1].id
    told = (Told(oldest, quotes[0]), Told(latest, quotes[1]))
    claude = FakeClaude(["Noted."])
    generated = await generator_of(claude, DROPS).generate(
        FULL,
        replace(prepared, told=told),
        TERMS,
        interrupt=asyncio.Future(),
        push=lambda _: None,
        show_status=lambda _: None,
        cost=TurnCost(),
    )
    assert isinstance(generated, Generated)
    assert generated.window_start > 3
    newest = "\n".join(texts(claude.asked[-1].messages[-1]))
    assert ["in the attic" in newest, "likes blue" in newest] == [True, False]
    assert generated.turn.question == claude.asked[-1].messages[-1]
