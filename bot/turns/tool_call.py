"""One call of a tool that runs here: from Claude's call to the result that Claude is told."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from bot.conversation.consulted import Consulted
from bot.conversation.content import Text, ToolResult, ToolUse
from bot.store.claim import Claim
from bot.store.tool_steps import Answered, Begun, ToolSteps
from bot.tools.gate import Allowed, Gate, Refused, Waiting
from bot.tools.tool import Audience, Tool, ToolContext, ToolFailed
from bot.turns.persist import persist
from bot.turns.tool_result import BUG, answered, error_text, told

log = structlog.get_logger()

NO_SUCH_TOOL = "There is no tool of this name here."
BROKEN_INPUT = "The input was not a JSON object. Call again with a valid one."
TOO_LONG = "The tool took too long and was stopped."
FOR_ASKER_ALONE = (
    "Only the person who asks may see what this brings, and everybody here sees your reply. Say that it works in "
    "direct messages with you."
)
UNKNOWN = (
    "It is not known whether this took effect: the program was interrupted just then. Do not call it again by "
    "yourself; say so, and ask the person to look."
)


@dataclass(frozen=True, slots=True)
class ToolCalls:
    """Makes the calls of one turn: by the tools it may use, past the gate, each effect once.

    `under_way` has the ids of the calls whose effects have begun, and may not have ended. `run` names this object in
    the journal: a turn that is restarted has another one, and does not take an effect for its own.
    """

    tools: Mapping[str, Tool]
    steps: ToolSteps
    gate: Gate
    claim: Claim
    under_way: set[str] = field(default_factory=set)
    run: str = field(default_factory=lambda: secrets.token_hex(4))

    async def answer(self, call: ToolUse, context: ToolContext) -> Answered:
        """Make a call and return its result; whatever fails is a result that Claude is told."""
        tool = self.tools.get(call.name)
        if tool is None:
            return told(call, NO_SUCH_TOOL)
        if call.is_broken:
            return told(call, BROKEN_INPUT)
        began_s = time.monotonic()
        arguments: Mapping[str, Any] = json.loads(call.input)
        if tool.changes:
            found = await self._once(tool, call, context, arguments)
        else:
            stopped = await self._stopped_by_gate(tool, call, context, arguments)
            found = stopped or await self._run(tool, call, context, arguments)
        log.info(
            "tool_called",
            conversation=self.claim.conversation,
            turn=self.claim.turn_id,
            tool=tool.name,
            outcome=found.consulted.outcome,
            seconds=round(time.monotonic() - began_s, 2),
        )
        return found

    async def _once(
        self, tool: Tool, call: ToolUse, context: ToolContext, arguments: Mapping[str, Any]
    ) -> Answered:
        """Make a call that changes something: once, however often the turn is attempted.

        The gate is asked before an effect begins, and not again afterwards: what it says now tells nothing about an
        effect that has begun.
        """
        begun = await persist(lambda: self.steps.effect(self.claim, context.key))
        if begun is None:
            if stopped := await self._stopped_by_gate(tool, call, context, arguments):
                return stopped
            self.under_way.add(call.id)
            begun = await persist(lambda: self.steps.begin(self.claim, context.key, self.run))
        self.under_way.add(call.id)
        if isinstance(begun, Answered):
            return Answered(replace(begun.result, tool_use_id=call.id), begun.consulted)
        if begun is Begun.BEFORE and not tool.repeats:
            found = told(call, UNKNOWN, "unknown")
        else:
            found = await self._run(tool, call, context, arguments)
        await persist(lambda: self.steps.end(self.claim, context.key, found))
        return found

    async def _stopped_by_gate(
        self, tool: Tool, call: ToolUse, context: ToolContext, arguments: Mapping[str, Any]
    ) -> Answered | None:
        """Return the answer to a call that may not run, None if it may."""
        if tool.audience is Audience.ASKER and context.place.server is not None:
            return told(call, FOR_ASKER_ALONE, "refused")
        match await self.gate(tool, context, arguments):
            case Refused(reason=reason):
                return told(call, reason, "refused")
            case Waiting(line=line, approval=approval):
                result = ToolResult(call.id, (Text(error_text(line)),))
                return Answered(result, Consulted(call.name, "waiting", approval=approval))
            case Allowed():
                return None

    async def _run(
        self, tool: Tool, call: ToolUse, context: ToolContext, arguments: Mapping[str, Any]
    ) -> Answered:
        try:
            async with asyncio.timeout(tool.time_limit_s):
                output = await tool.run(context, arguments)
            return answered(call, output)
        except ToolFailed as error:
            return told(call, str(error))
        except TimeoutError:
            if tool.changes and not tool.repeats:
                return told(call, UNKNOWN, "unknown")
            return told(call, TOO_LONG)
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            return _broken(tool, call, error)  # of a task of the tool's own
        except Exception as error:  # noqa: BLE001 - a tool of the operator's may raise anything
            return _broken(tool, call, error)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _broken(tool: Tool, call: ToolUse, error: BaseException) -> Answered:
    # Without the traceback, whose texts may quote what people wrote.
    log.error("tool_broken", tool=tool.name, error=type(error).__name__)
    return told(call, BUG)
