"""A stream of a reply, with a Claude that says what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import cast

from bot.claude.client import Claude
from bot.conversation.content import Opaque, Text
from bot.conversation.errors import (
    BobbinError,
    ClaudeError,
)
from bot.conversation.pricing import MTOK, Prices
from bot.conversation.request import (
    Finished,
    Parameters,
    PromptMessage,
    Request,
    Started,
    StreamEvent,
    Usage,
)
from bot.conversation.request_cost import Payer
from bot.turns.metered_claude import MeteredClaude
from bot.turns.reply_stream import ReplyStream
from bot.turns.turn_cost import TurnCost

REQUEST = Request(Parameters("claude-test", 100), (), ())
PRICES = Prices(input=MTOK, write_5m=0, write_1h=0, read=0, output=0)
PAYER = Payer(person=7, server=1, channel=2, conversation=3)
END = Finished("end_turn", Usage(input=7), "claude-test", "r", "m")


@dataclass
class FakeClaude:
    """Says `events`, and then is silent for ever; an error among them is raised."""

    events: tuple[StreamEvent | ClaudeError, ...] = ()
    ends: bool = False
    asked: int = 0
    silent: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self, _request: Request, _caller: object = None) -> AsyncIterator[StreamEvent]:
        self.asked += 1
        for event in self.events:
            if isinstance(event, ClaudeError):
                raise event
            yield event
        self.silent.set()
        if not self.ends:
            await asyncio.Event().wait()

    async def count_tokens(self, _request: Request) -> int:
        self.asked += 1
        return 5


@dataclass
class Streamed:
    """A stream, and what it reports."""

    claude: FakeClaude
    interrupt: asyncio.Future[BobbinError] = field(default_factory=asyncio.Future)
    pushed: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    cost: TurnCost = field(default_factory=TurnCost)

    @property
    def stream(self) -> ReplyStream:
        return ReplyStream(
            MeteredClaude(cast("Claude", self.claude), PAYER, self.cost, PRICES),
            self.interrupt,
            push=self.pushed.append,
            show_status=self.statuses.append,
            now_s=lambda: 1.5,
        )


READ = Started(Usage(input=5))

CALL = Opaque('{"type": "server_tool_use", "id": "srvtoolu_1"}')

PAUSED = Finished("pause_turn", Usage(input=5, output=2), "claude-test", "m", blocks=(Text("I look. "), CALL))


@dataclass
class PausingClaude:
    """Gives one part of `parts` for each request, the last one for all that follow; an error in a part is raised."""

    parts: list[tuple[StreamEvent | ClaudeError, ...]]
    requests: list[Request] = field(default_factory=list)

    async def stream(self, request: Request, _caller: object = None) -> AsyncIterator[StreamEvent]:
        self.requests.append(request)
        for event in self.parts[min(len(self.requests), len(self.parts)) - 1]:
            if isinstance(event, ClaudeError):
                raise event
            yield event


def pausing(*parts: tuple[StreamEvent | ClaudeError, ...]) -> tuple[PausingClaude, Streamed]:
    claude = PausingClaude(list(parts))
    return claude, Streamed(cast("FakeClaude", claude))


QUESTION = replace(REQUEST, messages=(PromptMessage.of("user", "q"),))
