"""The run of a tool: its output as the API accepts it, or why there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from bot.conversation.surrogates import whole
from bot.tools.tool import Tool, ToolContext, ToolFailed, ToolOutput
from bot.turns.tool_result import BUG, bounded

log = structlog.get_logger()

TOO_LONG = "The tool took too long and was stopped."


class ToolTimedOut(ToolFailed):
    """A tool was stopped at its limit of time."""


async def output_of(tool: Tool, context: ToolContext, arguments: Mapping[str, Any]) -> ToolOutput:
    """Run a tool.

    Raises ToolFailed for whatever goes wrong, ToolTimedOut at the tool's limit of time. A tool of the operator's may
    raise anything; the text of what it raises may quote what people wrote, and goes nowhere.
    """
    broken: BaseException
    try:
        async with asyncio.timeout(tool.time_limit_s):
            found = await tool.run(context, arguments)
        return ToolOutput(bounded(found), tuple(map(whole, found.sources)))
    except ToolFailed:
        raise
    except TimeoutError:
        raise ToolTimedOut(TOO_LONG) from None
    except asyncio.CancelledError as error:
        if _is_cancelled():
            raise
        broken = error  # of a task of the tool's own
    except Exception as error:  # noqa: BLE001
        broken = error
    log.error("tool_broken", tool=tool.name, error=type(broken).__name__)
    raise ToolFailed(BUG)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
