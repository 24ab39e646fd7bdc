"""What is remembered of a turn, by what became of its requests: with a Claude in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from bot.claude.client import Claude
from bot.conversation import wording
from bot.conversation.compose import Terms
from bot.conversation.content import GONE, FileSource, Image, Opaque, Text, sources
from bot.conversation.errors import (
    BobbinError,
    ClaudeBusy,
    ClaudeError,
    ClaudeFileGone,
    ClaudeTooLong,
    Stopped,
)
from bot.conversation.prompt import CONTINUE, PREAMBLE, SUMMARY_REQUEST, render_system
from bot.conversation.request import Finished, Parameters, PromptMessage, Request, TextDelta, Usage
from bot.conversation.tokens import PRIOR
from bot.conversation.trimming import TrimPolicy
from bot.conversation.turn import Preface, Turn
from bot.store.claim import Claim, Meta
from bot.turns.policy import TurnPolicy
from bot.turns.prepare import Prepared, prepare
from bot.turns.reply_generator import Generated, ReplyGenerator
from bot.turns.turn_cost import TurnCost
from tests.conversation.builders import message, sent, snowflake, texts, turn
from tests.store.claims import a_claim, changed

POLICY = TurnPolicy(
    model="claude-test",
    tries=5,
    lease_s=5.0,
    heartbeat_s=1.0,
    secret=b"secret",
    summarizes=True,
)
DROPS = replace(POLICY, summarizes=False)
TERMS = Terms(
    Parameters("claude-test", 100),
    render_system("Be kind."),
    TrimPolicy(high_tokens=PRIOR.of(PREAMBLE) + 1500, low_tokens=PRIOR.of(PREAMBLE) + 1000),
)
NOW_S = 1_420_070_400.0 + 5000
USAGE = Usage(input=1400, output=10)
THOUGHT = Opaque('{"type": "thinking", "thinking": "", "signature": "c2ln"}')
SUMMARY = "They talked of looms."
TOO_LONG = ClaudeTooLong("too long", tokens=4000, limit=3000)


@dataclass
class FakeFiles:
    """Misses the files that are `gone`."""

    gone: Collection[str] = ()

    async def missing(self, ids: Collection[str]) -> frozenset[str]:
        return frozenset(ids) & frozenset(self.gone)


@dataclass
class FakeClaude:
    """Answers a request for a summary with `summary`, the others with `replies` in order; an error is raised.

    Without anything to say it is silent for ever; `reached` is set then.
    """

    replies: list[str | ClaudeError | None]
    summary: str | ClaudeError | None = SUMMARY
    pauses: int = 0
    files: FakeFiles = field(default_factory=FakeFiles)
    asked: list[Request] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def kinds(self) -> list[str]:
        return ["summary" if summing(request) else "reply" for request in self.asked]

    async def stream(self, request: Request) -> AsyncIterator[TextDelta | Finished]:
        self.asked.append(request)
        said = self.summary if summing(request) else self.replies.pop(0)
        if isinstance(said, ClaudeError):
            raise said
        if {FileSource(each) for each in self.files.gone} & {
            s for m in request.messages for s in sources(m.blocks)
        }:
            raise ClaudeFileGone("404")
        if said is None:
            self.reached.set()
            await asyncio.Event().wait()
        yield TextDelta(said or "")
        paused = self.pauses > 0 and not summing(request)
        self.pauses -= paused
        blocks = (Text(said or ""), THOUGHT)
        yield Finished("pause_turn" if paused else "end_turn", USAGE, "claude-test", "m", blocks=blocks)

    async def count_tokens(self, _request: Request) -> int | None:
        return None


def summing(request: Request) -> bool:
    return request.messages[-1].blocks[-1] == Text(SUMMARY_REQUEST)


def claimed(history: tuple[Turn, ...], **changes: object) -> Claim:
    """A claim of a turn that asks "and now?", after these turns from index 3 of the history on."""
    claim = a_claim(
        snowflake(100),
        meta=Meta(window_start=3),
        messages=(message("and now?", number=100),),
        history=history,
    )
    return changed(claim, **changes)


FULL = claimed(tuple(turn(n, user=f"q{n}", reply=f"a{n}", tokens=(200, 200)) for n in range(5)))
"""As long as it may become: with whatever comes now, a trim is due."""


async def ask(
    claude: FakeClaude,
    claim: Claim = FULL,
    policy: TurnPolicy = POLICY,
    interrupt: asyncio.Future[BobbinError] | None = None,
    generator: ReplyGenerator | None = None,
    terms: Terms = TERMS,
) -> Generated:
    generator = generator or generator_of(claude, policy)
    prepared = await prepare(claim)
    assert isinstance(prepared, Prepared)
    generated = await generator.generate(
        claim,
        prepared,
        terms,
        interrupt=interrupt or asyncio.Future(),
        push=lambda _: None,
        show_status=lambda _: None,
        cost=TurnCost(),
    )
    assert isinstance(generated, Generated)
    return generated


def generator_of(claude: FakeClaude, policy: TurnPolicy = POLICY) -> ReplyGenerator:
    return ReplyGenerator(cast("Claude", claude), policy, now_s=lambda: NOW_S)


def after(asked: Generated, claim: Claim = FULL) -> Claim:
    """The claim of the next turn."""
    kept = (*claim.history, asked.turn)[asked.window_start - claim.meta.window_start :]
    later = message("and then?", number=200)
    return claimed(
        kept,
        meta=replace(claim.meta, window_start=asked.window_start),
        turn_id=later.id,
        members=(later.id,),
        messages=(later,),
    )


def said(request: Request) -> str:
    return "\n".join(text for sent in request.messages for text in texts(sent))


async def test_a_trim_counts_with_the_answer_and_leaves_its_summary() -> None:
    asked = await ask(FakeClaude(["Noted."]))
    assert asked.window_start > 3
    assert (asked.turn.window_start, asked.turn.preface) == (asked.window_start, Preface(SUMMARY))
    assert asked.conclusion.notices == (wording.SUMMARIZED,)


async def test_a_turn_that_is_stopped_during_the_summary_forgets_nothing() -> None:
    claude, interrupt = FakeClaude([], summary=None), asyncio.Future[BobbinError]()
    asking = asyncio.create_task(ask(claude, interrupt=interrupt))
    await claude.reached.wait()
    interrupt.set_result(Stopped())
    asked = await asking
    assert (asked.window_start, asked.turn.window_start, asked.turn.preface) == (3, 3, None)
    assert asked.conclusion.notices == (wording.STOPPED_EARLY,)
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
    assert asked.conclusion.notices == (wording.explain(ClaudeBusy()),)
    later = FakeClaude(["Noted."])
    await ask(later, after(asked))
    assert "q0" in said(later.asked[0])


async def test_a_summary_is_kept_even_if_the_reply_after_it_fails() -> None:
    asked = await ask(FakeClaude([ClaudeBusy()]))
    assert asked.window_start > 3
    assert asked.turn.preface == Preface(SUMMARY)
    assert asked.conclusion.notices == (wording.explain(ClaudeBusy()), wording.SUMMARIZED)
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
    assert asked.conclusion.notices == (wording.SUMMARIZED,)
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


SHORT = claimed(FULL.history[:3])
"""Nothing is to go, by the bot's own count."""


async def test_what_is_refused_twice_as_too_long_forgets_nothing() -> None:
    asked = await ask(FakeClaude([TOO_LONG, TOO_LONG]), SHORT, DROPS)
    assert (asked.window_start, asked.turn.window_start, asked.turn.preface) == (3, 3, None)
    assert asked.conclusion.notices == (wording.STILL_TOO_LONG,)
    later = FakeClaude(["Noted."])
    await ask(later, after(asked, SHORT), DROPS)
    assert all(question in said(later.asked[0]) for question in ("q0", "q1", "q2", "and now?"))


async def test_what_is_refused_as_too_long_is_summed_up_before_it_goes() -> None:
    claude = FakeClaude([TOO_LONG, "Noted."])
    claim = claimed(tuple(turn(n, user=f"q{n}", reply=f"a{n}", tokens=(2000, 2000)) for n in range(5)))
    terms = replace(TERMS, trimming=TrimPolicy(high_tokens=30_000, low_tokens=24_000))
    asked = await ask(claude, claim, terms=terms)
    assert claude.kinds == ["reply", "summary", "reply"]
    summed_up, sent = said(claude.asked[1]), said(claude.asked[2])
    assert 3 < asked.window_start < 8
    # Each turn is in one of the two, at the least, and the summary's request is the smaller one.
    assert all(f"q{n}" in summed_up or f"q{n}" in sent for n in range(5))
    assert "q4" not in summed_up
    assert asked.turn.preface == Preface(SUMMARY)
    assert asked.conclusion.notices == (wording.SUMMARIZED,)


async def test_a_summary_of_what_was_refused_is_kept_even_if_it_is_refused_again() -> None:
    asked = await ask(FakeClaude([TOO_LONG, TOO_LONG]), SHORT)
    assert asked.window_start > 3
    assert asked.turn.preface == Preface(SUMMARY)
    assert asked.conclusion.outcome == "failed"
    without = await ask(FakeClaude([TOO_LONG, TOO_LONG], summary=TOO_LONG), SHORT)
    assert (without.window_start, without.turn.preface) == (3, None)
    assert without.conclusion.notices == (wording.STILL_TOO_LONG,)


async def test_a_conversation_that_is_refused_again_and_again_is_answered_in_the_end() -> None:
    claim = SHORT
    sizes: list[int] = []
    for _ in range(6):
        claude = FakeClaude([ClaudeTooLong("no figures"), ClaudeTooLong("no figures")])
        asked = await ask(claude, claim, DROPS)
        sizes.append(len(claude.asked[1].messages))
        claim = after(asked, claim)
    assert sizes[-1] == 1
    assert sizes == sorted(sizes, reverse=True)
    asked = await ask(FakeClaude([TOO_LONG, "Noted."]), claim, DROPS)
    assert asked.window_start > 3
    assert asked.conclusion.notices == (wording.TRIMMED,)


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
