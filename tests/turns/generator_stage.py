"""A generator of replies with a Claude in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field, replace
from typing import cast

from bot.claude.client import Claude
from bot.conversation.compose import Terms
from bot.conversation.content import FileSource, Opaque, Text, sources
from bot.conversation.errors import (
    BobbinError,
    ClaudeError,
    ClaudeFileGone,
    ClaudeTooLong,
)
from bot.conversation.prompt import PREAMBLE, SUMMARY_REQUEST, render_system
from bot.conversation.request import Finished, Parameters, Request, TextDelta, Usage
from bot.conversation.tokens import PRIOR
from bot.conversation.trimming import TrimPolicy
from bot.conversation.turn import Turn
from bot.store.claim import Claim, Meta
from bot.turns.generated import Generated
from bot.turns.policy import TurnPolicy
from bot.turns.prepare import Prepared, prepare
from bot.turns.reply_generator import ReplyGenerator
from bot.turns.turn_cost import TurnCost
from tests.conversation.builders import message, snowflake, texts, turn
from tests.store.claims import a_claim, changed
from tests.turns import stage

DROPS = stage.POLICY
POLICY = replace(DROPS, summarizes=True)
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

    async def stream(self, request: Request, _caller: object = None) -> AsyncIterator[TextDelta | Finished]:
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


SHORT = claimed(FULL.history[:3])
"""Nothing is to go, by the bot's own count."""
