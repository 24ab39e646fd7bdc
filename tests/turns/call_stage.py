"""Calls of tools."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.tools.tool import Tool, ToolContext, ToolPlace
from bot.turns.tool_call import ToolCalls
from tests.turns.tool_stage import GateSays, ToolBench

CONTEXT = ToolContext(ToolPlace(1), asker=7, key="k", turn=3)


@pytest.fixture
async def bench(redis: Redis) -> ToolBench:
    return await ToolBench.begun(redis)


def calls(bench: ToolBench, *tools: Tool, gate: GateSays | None = None) -> ToolCalls:
    return ToolCalls({each.name: each for each in tools}, bench.steps, gate or GateSays(), bench.claim)
