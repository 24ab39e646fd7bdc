"""One call of a tool that runs here: from Claude's call to the result that Claude is told."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.conversation.consulted import Consulted, ToolEnd
from bot.conversation.content import Document, Image, Text, ToolResult, ToolUse
from bot.store.claim import Claim
from bot.store.tool_steps import Answered, Begun, ToolSteps
from bot.tools.gate import Allowed, Gate, Refused, Waiting
from bot.tools.tool import Tool, ToolContext, ToolFailed, ToolOutput
from bot.turns.persist import persist

log = structlog.get_logger()

Part = Text | Image | Document

MOST_CHARS = 40_000
"""A longer result is cut: about 16,000 tokens, which each further request of the turn would pay for."""

CUT = "\n[the rest was left out, because the result is too long]"
NO_SUCH_TOOL = "There is no tool of this name here."
BROKEN_INPUT = "The input was not a JSON object. Call again with a valid one."
TOO_LONG = "The tool took too long and was stopped."
UNKNOWN = (
    "It is not known whether this took effect: the program was interrupted just then. Do not call it again by "
    "yourself; say so, and ask the person to look."
)
BUG = "The tool has failed."


@dataclass(frozen=True, slots=True)
class ToolCalls:
    """Makes the calls of one turn: by the tools it may use, past the gate, each effect once."""

    tools: Mapping[str, Tool]
    steps: ToolSteps
    gate: Gate
    claim: Claim

    async def answer(self, call: ToolUse, context: ToolContext) -> Answered:
        """Make a call and return its result; whatever fails is a result that Claude is told."""
        tool = self.tools.get(call.name)
        if tool is None:
            return _told(call, NO_SUCH_TOOL)
        if call.is_broken:
            return _told(call, BROKEN_INPUT)
        began_s = time.monotonic()
        arguments: Mapping[str, Any] = json.loads(call.input)
        if not tool.changes:
            answered = await self._run(tool, call, context, arguments)
        else:
            answered = await self._once(tool, call, context, arguments)
        log.info(
            "tool_called",
            conversation=self.claim.conversation,
            turn=self.claim.turn_id,
            tool=tool.name,
            outcome=answered.consulted.outcome,
            seconds=round(time.monotonic() - began_s, 2),
        )
        return answered

    async def _once(
        self, tool: Tool, call: ToolUse, context: ToolContext, arguments: Mapping[str, Any]
    ) -> Answered:
        """Make a call that changes something: once, however often the turn is attempted."""
        begun = await persist(lambda: self.steps.begin(self.claim, context.key))
        if isinstance(begun, Answered):
            return Answered(replace(begun.result, tool_use_id=call.id), begun.consulted)
        if begun is Begun.BEFORE and not tool.repeats:
            answered = _told(call, UNKNOWN, "unknown")
        else:
            answered = await self._run(tool, call, context, arguments)
        await persist(lambda: self.steps.end(self.claim, context.key, answered))
        return answered

    async def _run(
        self, tool: Tool, call: ToolUse, context: ToolContext, arguments: Mapping[str, Any]
    ) -> Answered:
        match await self.gate(tool, context, arguments):
            case Refused(reason=reason):
                return _told(call, reason, "refused")
            case Waiting(line=line, approval=approval):
                result = ToolResult(call.id, (Text(line),))
                return Answered(result, Consulted(call.name, "waiting", approval=approval))
            case Allowed():
                pass
        try:
            async with asyncio.timeout(tool.time_limit_s):
                output = await tool.run(context, arguments)
        except ToolFailed as error:
            return _told(call, str(error))
        except TimeoutError:
            if tool.changes and not tool.repeats:
                return _told(call, UNKNOWN, "unknown")
            return _told(call, TOO_LONG)
        except Exception as error:  # noqa: BLE001 - a tool of the operator's may raise anything
            # Without the traceback, whose texts may quote what people wrote.
            log.error("tool_broken", tool=tool.name, error=type(error).__name__)  # noqa: TRY400
            return _told(call, BUG)
        result = ToolResult(call.id, _bounded(output))
        return Answered(result, Consulted(call.name, "done", output.sources))


def _told(call: ToolUse, text: str, outcome: ToolEnd = "failed") -> Answered:
    return Answered(ToolResult(call.id, (Text(text),), is_error=True), Consulted(call.name, outcome))


def _bounded(output: ToolOutput) -> tuple[Part, ...]:
    """Return the blocks of an output, its texts cut to `MOST_CHARS` in all."""
    room = MOST_CHARS
    blocks: list[Part] = []
    for block in output.content:
        if not isinstance(block, Text):
            blocks.append(block)
        elif room > 0:
            blocks.append(block if len(block.text) <= room else Text(block.text[:room] + CUT))
            room -= len(block.text)
    return tuple(blocks) or (Text("(nothing)"),)
