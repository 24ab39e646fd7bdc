"""What comes of a run of a tool, whatever the tool does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.conversation.content import Text
from bot.tools.tool import Tool, ToolContext, ToolFailed, ToolOutput, ToolPlace
from bot.tools.typed import tool_of
from bot.turns.tool_result import BUG, NOTHING
from bot.turns.tool_run import ToolTimedOut, output_of

CONTEXT = ToolContext(ToolPlace(1), asker=7, key="k", turn=3)
SECRET = "what somebody wrote"


def tool(does: Callable[[], Awaitable[str]]) -> Tool:
    async def knock(_context: ToolContext) -> str:
        """Knock."""
        return await does()

    return tool_of(knock, status="Knocking")


async def test_the_output_is_as_the_api_accepts_it() -> None:
    async def halves() -> str:
        return "half \ud83d"

    async def blank() -> str:
        return " "

    assert await output_of(tool(halves), CONTEXT, {}) == ToolOutput((Text("half \ufffd"),))
    assert (await output_of(tool(blank), CONTEXT, {})).content == (Text(NOTHING),)


async def test_what_a_tool_says_of_its_failure_is_said() -> None:
    async def fails() -> str:
        raise ToolFailed("The door is shut.")

    with pytest.raises(ToolFailed, match="The door is shut"):
        await output_of(tool(fails), CONTEXT, {})


async def test_a_tool_that_hangs_is_stopped_at_its_limit() -> None:
    async def hangs() -> str:
        await asyncio.Event().wait()
        return ""

    with pytest.raises(ToolTimedOut):
        await output_of(replace(tool(hangs), time_limit_s=0.01), CONTEXT, {})


async def cancels_itself() -> str:
    task = asyncio.create_task(asyncio.Event().wait())
    task.cancel()
    await task
    return ""


async def raises() -> str:
    raise ValueError(SECRET)


@pytest.mark.parametrize("does", [cancels_itself, raises])
async def test_security_what_a_broken_tool_raises_is_told_to_nobody(
    does: Callable[[], Awaitable[str]],
) -> None:
    with capture_logs() as logs, pytest.raises(ToolFailed) as failed:
        await output_of(tool(does), CONTEXT, {})
    assert str(failed.value) == BUG
    (line,) = logs
    assert (line["event"], line["tool"]) == ("tool_broken", "knock")
    assert SECRET not in str(line)


async def test_a_run_can_be_cancelled() -> None:
    begun = asyncio.Event()

    async def hangs() -> str:
        begun.set()
        await asyncio.Event().wait()
        return ""

    task = asyncio.create_task(output_of(tool(hangs), CONTEXT, {}))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
