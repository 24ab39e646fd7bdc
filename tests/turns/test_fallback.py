"""Another model answers where the chosen one does not; what was shown is never replaced: with a Claude in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import cast

import pytest

from bot.claude.client import Claude
from bot.claude.status_page import StatusPage
from bot.conversation import error_wording, fallback_wording, reply_wording
from bot.conversation.compose import Terms
from bot.conversation.errors import (
    BobbinError,
    ClaudeBlocked,
    ClaudeBusy,
    ClaudeError,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeSpendLimit,
    ClaudeUnreachable,
    Stopped,
)
from bot.conversation.request import Finished, Request, TextDelta
from bot.turns.generated import Generated
from bot.turns.reply_generator import ReplyGenerator
from tests.turns.generator_stage import DROPS, NOW_S, SHORT, TERMS, USAGE, FakeClaude, ask


def of(model: str) -> Terms:
    return replace(TERMS, parameters=replace(TERMS.parameters, model=model))


CHAIN = replace(TERMS, others=(of("second"), of("third")))


def models(claude: FakeClaude) -> list[str]:
    return [request.parameters.model for request in claude.asked]


class RefusingClaude(FakeClaude):
    """Refuses by the stop reason after this text, in place of a reply that is None."""

    before = ""

    async def stream(self, request: Request, _caller: object = None) -> AsyncIterator[TextDelta | Finished]:
        if self.replies[0] is not None:
            async for event in super().stream(request):
                yield event
            return
        self.replies.pop(0)
        self.asked.append(request)
        if self.before:
            yield TextDelta(self.before)
        yield Finished("refusal", USAGE, "claude-test", "m")


@dataclass
class FakePage:
    """Reports this, and counts how often it was asked."""

    incident: bool | None
    link: str = "https://status.example"
    asked: int = 0

    async def has_incident(self) -> bool | None:
        self.asked += 1
        return self.incident


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ClaudeBusy("529"), "overloaded"),
        (ClaudeBusy("429", rate_limited=True), "rate_limited"),
        (ClaudeBlocked("400"), "refused"),
        (ClaudeModelUnknown("404"), "withdrawn"),
    ],
)
async def test_the_next_model_answers_and_the_notice_names_both(error: ClaudeError, why: str) -> None:
    claude = FakeClaude([error, "Noted."])
    found = await ask(claude, SHORT, DROPS, terms=CHAIN)
    assert models(claude) == ["claude-test", "second"]
    assert (found.conclusion.reply, found.turn.model) == ("Noted.", "second")
    assert found.conclusion.notices == (fallback_wording.answered_by("claude-test", "second", why),)
    assert not found.conclusion.declined


async def test_a_refusal_by_its_stop_reason_asks_the_next_model() -> None:
    claude = RefusingClaude([None, ClaudeBusy("529"), "Noted."])
    found = await ask(claude, SHORT, DROPS, terms=CHAIN)
    assert models(claude) == ["claude-test", "second", "third"]
    assert (found.turn.outcome, found.turn.model) == ("answered", "third")


@pytest.mark.parametrize(
    "error", [ClaudeUnreachable("x", sent=False), ClaudeKeyRefused("401"), ClaudeSpendLimit("429")]
)
async def test_a_failure_that_all_models_share_asks_no_other(error: ClaudeError) -> None:
    claude = FakeClaude([error])
    found = await ask(claude, SHORT, DROPS, terms=CHAIN)
    assert models(claude) == ["claude-test"]
    assert found.conclusion.notices[0] == error_wording.explain(error)


async def test_a_text_that_was_shown_is_not_replaced_by_another_model() -> None:
    claude = RefusingClaude([None])
    claude.before = "The warp"
    found = await ask(claude, SHORT, DROPS, terms=CHAIN)
    assert models(claude) == ["claude-test"]
    assert (found.turn.outcome, found.conclusion.notices) == ("refused", (reply_wording.REFUSED,))


async def test_if_no_model_answers_the_chosen_one_decides_what_becomes_of_the_message() -> None:
    claude = FakeClaude([ClaudeBusy("529"), ClaudeBlocked("400"), ClaudeBusy("529")])
    found = await ask(claude, SHORT, DROPS, terms=CHAIN)
    assert models(claude) == ["claude-test", "second", "third"]
    assert (found.turn.outcome, found.turn.model) == ("failed", "claude-test")
    assert found.conclusion.notices == (error_wording.explain(ClaudeBusy()), fallback_wording.LIKELY_INCIDENT)


async def test_a_stop_during_the_fallback_ends_the_turn() -> None:
    claude, interrupt = FakeClaude([ClaudeBusy("529"), None]), asyncio.Future[BobbinError]()
    asking = asyncio.create_task(ask(claude, SHORT, DROPS, interrupt, terms=CHAIN))
    await claude.reached.wait()
    interrupt.set_result(Stopped())
    assert (await asking).conclusion.notices == (reply_wording.STOPPED_EARLY,)
    assert len(claude.asked) == 2


@pytest.mark.parametrize(
    ("error", "incident", "line"),
    [
        (ClaudeBusy("529"), True, "reports an incident"),
        (ClaudeBusy("529"), False, "reports no incident"),
        (ClaudeBusy("529"), None, fallback_wording.LIKELY_INCIDENT),
        (ClaudeBusy("429", rate_limited=True), True, fallback_wording.OUR_ACCOUNT),
        (ClaudeUnreachable("x", sent=False), None, fallback_wording.OUR_NETWORK),
        (ClaudeUnreachable("x"), None, fallback_wording.LIKELY_INCIDENT),
    ],
)
async def test_where_nothing_answers_the_line_says_whose_fault_it_is(
    error: ClaudeError, incident: bool | None, line: str
) -> None:
    page = FakePage(incident)
    claude = FakeClaude([error])
    generator = ReplyGenerator(
        cast("Claude", claude), DROPS, now_s=lambda: NOW_S, status_page=cast("StatusPage", page)
    )
    found: Generated = await ask(claude, SHORT, DROPS, generator=generator)
    first, second = found.conclusion.notices
    assert first == error_wording.explain(error)
    assert line in second
    assert page.asked == 1


async def test_the_status_page_is_not_asked_as_long_as_a_model_answers() -> None:
    page = FakePage(True)
    claude = FakeClaude([ClaudeBusy("529"), "Noted."])
    generator = ReplyGenerator(
        cast("Claude", claude), DROPS, now_s=lambda: NOW_S, status_page=cast("StatusPage", page)
    )
    await ask(claude, SHORT, DROPS, generator=generator, terms=CHAIN)
    assert page.asked == 0
