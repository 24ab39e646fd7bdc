"""What the tests of tools stand on: a claimed turn in a real Redis, and tools that do as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from redis.asyncio import Redis

from bot.conversation.content import Text, ToolUse
from bot.conversation.request import Finished, Usage
from bot.store.claim import Claim
from bot.store.tool_steps import ToolSteps
from bot.tools.gate import Allowed, Gate, Verdict
from bot.tools.tool import Tool, ToolContext, ToolOutput
from bot.tools.toolbox import Toolbox
from bot.turns.tool_loop import ToolLoop, ToolPolicy
from tests.store.stage import KEYS, ONE, Store, claimed, expire_lease, receive

Run = Callable[[ToolContext, Mapping[str, Any]], Awaitable[Any]]


def tool(name: str, run: Run, **settings: Any) -> Tool:
    """A tool that runs a function."""
    return Tool(name, f"Does {name}.", {"type": "object"}, run, f"Doing {name}", **settings)


def call(name: str, number: int = 1, text: str = "{}", **fields: Any) -> ToolUse:
    """A call of a tool."""
    return ToolUse(f"toolu_{number}", name, text, **fields)


def said(*calls: ToolUse, stop_reason: str = "tool_use") -> Finished:
    """The end of a reply with these calls."""
    return Finished(stop_reason, Usage(), "claude-test", "m", blocks=(Text("I look."), *calls))


@dataclass
class Effect:
    """A tool that notes the keys of its effects, and waits for `gate` in the middle of each, if there is one."""

    made: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    fails: BaseException | None = None

    async def __call__(self, context: ToolContext, _arguments: Mapping[str, Any]) -> ToolOutput:
        self.begun.set()
        if self.gate is not None:
            await self.gate.wait()
        self.made.append(context.key)
        if self.fails is not None:
            raise self.fails
        return ToolOutput.of("done", "https://example.org/")


@dataclass
class GateSays:
    """A gate that notes what it is asked."""

    verdict: Verdict = field(default_factory=Allowed)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, tool: Tool, _context: ToolContext, _arguments: Mapping[str, Any]) -> Verdict:
        self.asked.append(tool.name)
        return self.verdict


@dataclass
class ToolBench:
    """A turn that is claimed, its tools and what people see meanwhile."""

    store: Store
    redis: Redis
    claim: Claim
    steps: ToolSteps
    statuses: list[str] = field(default_factory=list)

    @classmethod
    async def begun(cls, redis: Redis) -> ToolBench:
        """Claim a turn."""
        store = Store(redis)
        await receive(store, ONE)
        return cls(store, redis, await claimed(store), ToolSteps(redis, KEYS))

    def loop(self, *tools: Tool, gate: Gate | None = None, policy: ToolPolicy | None = None) -> ToolLoop:
        """The loop of the turn."""
        names = [each.name for each in tools]
        return ToolLoop(Toolbox(tools), self.steps, self.claim, names, policy=policy, gate=gate or GateSays())

    async def next_attempt(self) -> ToolBench:
        """The turn as another worker takes it over."""
        await expire_lease(self.redis)
        return replace(self, claim=await claimed(self.store, "another"), statuses=[])
