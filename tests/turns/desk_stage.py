"""A desk of calls that wait for a permission, with a person at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.conversation.approval import Approval
from bot.conversation.audit import Actor
from bot.conversation.clock import Clock
from bot.conversation.scope import Scope
from bot.store.approvals import Approvals
from bot.store.scope_settings import ScopeSettings
from bot.tools.gate import Waiting
from bot.tools.tool import Tool, ToolContext, ToolPlace
from bot.tools.toolbox import Toolbox
from bot.turns.approval_desk import ApprovalDesk
from bot.turns.approval_rules import ApprovalRules
from tests.render.fake_outbox import FakeOutbox
from tests.store.stage import KEYS
from tests.turns.tool_stage import Effect, tool

THREAD, CHANNEL, SERVER, ASKER, TURN = 1, 2, 3, 7, 9
KEY = "0123456789abcdef01234567"
CONTEXT = ToolContext(ToolPlace(THREAD, CHANNEL, SERVER), ASKER, KEY, TURN, frozenset({8}))
ID = int(KEY[:13], 16)


@dataclass
class Bench:
    """One desk on a store and a Discord, whose time stands still unless it is moved."""

    redis: Redis
    effect: Effect = field(default_factory=Effect)
    outbox: FakeOutbox = field(default_factory=lambda: FakeOutbox(round_trip_s=0.0))
    now_s: list[float] = field(default_factory=lambda: [1_700_000_000.0])
    settings: dict[str, Any] = field(default_factory=lambda: {"changes": True, "asks": True})
    events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.approvals = Approvals(self.redis, KEYS)
        self.scope_settings = ScopeSettings(self.redis, KEYS, ttl_s=1000, audit_s=1000)
        self.desk = self.another()

    @property
    def tool(self) -> Tool:
        return tool("knock", self.effect, **self.settings)

    def another(self, *, without_tool: bool = False, **settings: Any) -> ApprovalDesk:
        """The desk of another instance."""
        clock = Clock(lambda: self.now_s[0], lambda: self.now_s[0])
        box = Toolbox(() if without_tool else (self.tool,))
        rules = ApprovalRules(self.scope_settings, **settings)
        return ApprovalDesk(self.approvals, rules, box, self.outbox, clock, self.events.append)

    async def choose(self, value: str) -> None:
        actor = Actor(SERVER, ASKER, 1)
        await self.scope_settings.change(actor, Scope.CHANNEL, CHANNEL, {"tool:knock": value})

    async def opened(self) -> Approval:
        """A call that waits, with its card."""
        assert isinstance(await self.desk.gate(self.tool, CONTEXT, {"door": "north"}), Waiting)
        await self.desk.post_cards(THREAD, TURN)
        return await self.found()

    async def found(self) -> Approval:
        found = await self.approvals.find(THREAD, ID)
        assert found is not None
        return found

    async def until(self, state: str) -> Approval:
        async with asyncio.timeout(10):
            while (await self.found()).state != state:  # noqa: ASYNC110 - a task of the desk makes it true
                await asyncio.sleep(0.01)
        return await self.found()

    async def looked(self, desk: ApprovalDesk | None = None) -> None:
        """One look of the watch at the conversation."""
        await (desk or self.desk).watch.look(THREAD)

    def cards(self) -> list[str]:
        return self.outbox.texts()


@pytest.fixture
def bench(redis: Redis) -> Bench:
    return Bench(redis)


async def eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a task of the desk makes it true
            await asyncio.sleep(0.01)
