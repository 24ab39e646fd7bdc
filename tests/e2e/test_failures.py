"""Whatever goes wrong with a reply, the thread is told in one sentence, and the conversation goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import pytest_asyncio

from bot.conversation import error_wording, fallback_wording, reply_wording, wording
from bot.conversation.errors import (
    ClaudeAccountDisabled,
    ClaudeBusy,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeRefusedRequest,
    ClaudeSpendLimit,
    ClaudeTooLong,
    ClaudeUnreachable,
)
from bot.local.simulator.claude import faults
from bot.local.simulator.claude.failures import Failure
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

PARTIAL = ["The warp ", "runs along, ", "the weft ", "across."]
"""What Claude would say, in deltas."""

TRIES = 3
"""How often the bot asks what may be paid for before the first text."""

ALL_TRIES_S = 120.0
"""A minute of waiting, and a busy machine."""

MOST_CHARS = 200
"""A notice longer than this is not read."""


def for_long(failure: Failure) -> Failure:
    """The same failure, for longer than anybody waits."""
    return replace(failure, headers={**failure.headers, "retry-after": "3600"})


@dataclass(frozen=True)
class Case:
    """A fault, how often it strikes, what the thread is to show, and what of it Claude is told afterwards.

    `line` says whose fault it is likely.
    """

    fault: faults.Fault
    notice: str
    shown: str = ""
    times: int = 1
    keeps_message: bool = True
    line: str = ""
    said: tuple[str, ...] = field(default_factory=lambda: tuple(PARTIAL))


HALF = "The warp runs along,"

CASES = {
    "refusal": Case(faults.refusal(), reply_wording.REFUSED, keeps_message=False),
    "refusal_in_mid_stream": Case(faults.refusal(after=2), reply_wording.REFUSED, keeps_message=False),
    "max_tokens": Case(faults.max_tokens(2), reply_wording.CUT_AT_MAX_TOKENS, HALF),
    "max_tokens_without_text": Case(faults.max_tokens(0), reply_wording.THINKING_TOOK_ALL),
    "context_window": Case(faults.context_window_exceeded(2), reply_wording.CONTEXT_FULL, HALF),
    "context_window_without_text": Case(
        faults.context_window_exceeded(0), error_wording.explain(ClaudeTooLong())
    ),
    "pause_turn_without_content": Case(
        faults.stopped("pause_turn", 0, thinks=False), reply_wording.EMPTY_REPLY
    ),
    "unknown_reason": Case(faults.stopped("tea_break", 2), "", HALF),
    "unknown_reason_without_text": Case(faults.stopped("tea_break", 0), reply_wording.EMPTY_REPLY),
    "stop_sequence": Case(faults.stopped("stop_sequence", 2), "", HALF),
    "empty": Case(faults.empty(), reply_wording.EMPTY_REPLY),
    "blank": Case(faults.stopped("end_turn"), reply_wording.EMPTY_REPLY, said=("  \n", " ")),
    "400": Case(
        faults.bad_request("messages: whatever"),
        error_wording.explain(ClaudeRefusedRequest()),
        keeps_message=False,
    ),
    "400_content_filter": Case(faults.content_filtered(), error_wording.BLOCKED, keeps_message=False),
    "content_filter_in_mid_stream": Case(
        faults.error_event(2, faults.content_filtered()), error_wording.BLOCKED, keeps_message=False
    ),
    "400_usage_limit": Case(faults.usage_limit(), error_wording.explain(ClaudeSpendLimit())),
    "400_organization_disabled": Case(
        faults.organization_disabled(), error_wording.explain(ClaudeAccountDisabled())
    ),
    "401": Case(faults.unauthorized(), error_wording.explain(ClaudeKeyRefused())),
    "402": Case(faults.payment_required(), error_wording.explain(ClaudeSpendLimit())),
    "403": Case(faults.forbidden(), error_wording.explain(ClaudeKeyRefused())),
    "404": Case(faults.not_found(), error_wording.explain(ClaudeModelUnknown(model="claude-sonnet-5-5"))),
    # The first refusal of a long request makes the bot send half of it, hence the two.
    "413": Case(faults.too_large(), reply_wording.STILL_TOO_LONG, times=2),
    # Twice 25 s and a bit, and the third wait would lead beyond a minute.
    "429_with_retry_after": Case(
        faults.rate_limited(25),
        error_wording.explain(ClaudeBusy()),
        times=3,
        line=fallback_wording.OUR_ACCOUNT,
    ),
    "429_with_a_long_retry_after": Case(
        faults.rate_limited(3600), error_wording.explain(ClaudeBusy()), line=fallback_wording.OUR_ACCOUNT
    ),
    "429_spend_limit": Case(faults.spend_limit(), error_wording.explain(ClaudeSpendLimit())),
    "500": Case(
        for_long(faults.server_error()),
        error_wording.explain(ClaudeBusy()),
        line=fallback_wording.LIKELY_INCIDENT,
    ),
    "502": Case(
        for_long(faults.bad_gateway()),
        error_wording.explain(ClaudeBusy()),
        line=fallback_wording.LIKELY_INCIDENT,
    ),
    "529": Case(
        for_long(faults.overloaded()),
        error_wording.explain(ClaudeBusy()),
        line=fallback_wording.LIKELY_INCIDENT,
    ),
    "error_event": Case(faults.error_event(2), reply_wording.INTERRUPTED, HALF),
    "error_event_before_text": Case(
        faults.error_event(0),
        error_wording.explain(ClaudeBusy()),
        times=TRIES,
        line=fallback_wording.LIKELY_INCIDENT,
    ),
    "dropped": Case(faults.dropped(2), reply_wording.INTERRUPTED, HALF),
    "dropped_before_text": Case(
        faults.dropped(),
        error_wording.explain(ClaudeUnreachable()),
        times=TRIES,
        line=fallback_wording.LIKELY_INCIDENT,
    ),
    "no_message_stop": Case(faults.cut_short(2), reply_wording.INTERRUPTED, HALF),
    "no_message_stop_nor_text": Case(
        faults.cut_short(0),
        error_wording.explain(ClaudeUnreachable()),
        times=TRIES,
        line=fallback_wording.LIKELY_INCIDENT,
    ),
    "stall": Case(faults.stall(2), reply_wording.INTERRUPTED, HALF),
    "stall_before_text": Case(
        faults.stall(0),
        error_wording.explain(ClaudeUnreachable()),
        times=TRIES,
        line=fallback_wording.LIKELY_INCIDENT,
    ),
    "no_answer_at_all": Case(
        faults.stall(),
        error_wording.explain(ClaudeUnreachable()),
        times=TRIES,
        line=fallback_wording.LIKELY_INCIDENT,
    ),
}


@dataclass(frozen=True)
class Seen:
    """What was on the thread after the failure and after the next message, and the last request."""

    after_failure: list[str]
    after_next: list[str]
    history: list[str]
    request: Any
    asked: list[Any]


def ends_with(text: str) -> Callable[[Any], bool]:
    """Whether the newest message of a request says so."""
    return lambda body: str(body["messages"][-1]["content"][-1]["text"]).endswith(f"{text}\n</message>")


async def go_through(world: World, name: str, case: Case) -> Seen:
    """Greet, meet the fault, go on."""
    world.claude.say_when(ends_with(f"hello <{name}>"), "Hello.")
    person = world.person("p")
    thread = await world.converse(world.channel(), f"hello <{name}>", person)
    failing = ends_with(f"question <{name}>")
    world.claude.faults.add(case.fault, when=failing, times=case.times)
    world.claude.say_when(failing, list(case.said), pause=0.05)
    failed = await person.post(thread, f"question <{name}>")
    await world.settled(failed, ALL_TRIES_S)
    after_failure = world.said(thread)[1:]
    world.claude.say_when(ends_with(f"next <{name}>"), "All is well again.")
    # The refusals of the other cases hold this one back as well.
    await world.settled(await person.post(thread, f"next <{name}>"), ALL_TRIES_S)
    asked = [call for call in world.asked if f"<{name}>" in str(call.body)]
    return Seen(
        after_failure=[m["content"] for m in after_failure],
        after_next=[m["content"] for m in world.said(thread)[1 + len(after_failure) :]],
        history=[each.content for m in after_failure for each in world.discord.history(m["id"])],
        request=asked[-1],
        asked=asked,
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seen(shared: World) -> AsyncIterator[dict[str, asyncio.Task[Seen]]]:
    """All cases at once, each with a person and a thread of its own: most of their time is waiting between tries."""
    shared.begin()
    # Longer than a busy machine keeps so many threads waiting by itself: that would count as a stall.
    settings = {"BOT_CLAUDE__STALL_TIMEOUT_S": "5", "BOT_CLAUDE__FIRST_TEXT_TIMEOUT_S": "5"}
    async with shared.apart(settings) as world:
        tasks = {
            name: asyncio.create_task(go_through(world, name, case), name=name)
            for name, case in CASES.items()
        }
        await asyncio.wait(tasks.values())
        yield tasks
    shared.begin()


@pytest.fixture(params=CASES)
def name(request: pytest.FixtureRequest) -> str:
    """Each case in turn."""
    return str(request.param)


async def test_the_thread_is_told_once_what_happened_and_what_to_do(
    seen: dict[str, asyncio.Task[Seen]], name: str
) -> None:
    case, found = CASES[name], await seen[name]
    lines = [wording.small(each) for each in (case.notice, case.line) if each]
    notices = ["\n".join(lines)] if lines else []
    assert found.after_failure == ([case.shown] if case.shown else []) + notices
    assert len(case.notice) <= MOST_CHARS


async def test_the_next_message_is_answered_as_if_nothing_had_been(
    seen: dict[str, asyncio.Task[Seen]], name: str
) -> None:
    found = await seen[name]
    assert found.after_next == ["All is well again."]
    assert found.request.status == 200


async def test_the_message_of_a_failed_turn_is_in_the_next_request(
    seen: dict[str, asyncio.Task[Seen]], name: str
) -> None:
    case, found = CASES[name], await seen[name]
    sent = str(found.request.body["messages"])
    assert (f"question <{name}>" in sent) is case.keeps_message
    assert (case.shown in sent) or not case.shown
    assert "-# " not in sent


async def test_no_request_is_repeated_in_vain(seen: dict[str, asyncio.Task[Seen]], name: str) -> None:
    case, found = CASES[name], await seen[name]
    assert len(found.asked) == 1 + case.times + 1


async def test_a_refused_reply_was_shown_while_it_streamed_and_is_gone(
    seen: dict[str, asyncio.Task[Seen]],
) -> None:
    found = await seen["refusal_in_mid_stream"]
    assert found.history[-1] == wording.small(reply_wording.REFUSED)
    assert "The warp" not in str(found.request.body["messages"])


async def test_a_busy_claude_that_recovers_in_time_is_not_mentioned(world: World) -> None:
    world.claude.faults.add(faults.rate_limited(0), faults.overloaded())
    thread = await world.converse(world.channel(), "hello")
    assert len(world.said(thread)) == 1
    assert len(world.asked) == 3
