"""One call of a tool that runs here: from Claude's call to the result that Claude is told."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
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
from bot.turns.tool_result import answered, error_text, told
from bot.turns.tool_run import ToolTimedOut, output_of

log = structlog.get_logger()

NO_SUCH_TOOL = "There is no tool of this name here."
BROKEN_INPUT = "The input was not a JSON object. Call again with a valid one."
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
    the journal: a turn that is restarted has another one, and does not take an effect for its own. `report` is called
    with the tool, the outcome and the duration in seconds of each call.
    """

    tools: Mapping[str, Tool]
    steps: ToolSteps
    gate: Gate
    claim: Claim
    report: Callable[[Tool, str, float], None] = lambda _tool, _outcome, _seconds: None
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
        seconds = time.monotonic() - began_s
        self.report(tool, found.consulted.outcome, seconds)
        log.info(
            "tool_called",
            conversation=self.claim.conversation,
            turn=self.claim.turn_id,
            tool=tool.name,
            outcome=found.consulted.outcome,
            seconds=round(seconds, 2),
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
            return answered(call, await output_of(tool, context, arguments))
        except ToolTimedOut as error:
            if tool.changes and not tool.repeats:
                return told(call, UNKNOWN, "unknown")
            return told(call, str(error))
        except ToolFailed as error:
            return told(call, str(error))
