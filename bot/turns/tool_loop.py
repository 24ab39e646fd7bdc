"""The steps of a turn that calls tools: what Claude said with its calls, and their results, in the journal.

Each step is noted before it takes effect, so that an attempt after a crash goes on behind the last whole step, and
makes no effect twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.conversation import status_wording
from bot.conversation.compose import Terms
from bot.conversation.consulted import Consulted
from bot.conversation.content import Text, ToolResult, ToolUse
from bot.conversation.errors import Unreadable
from bot.conversation.request import Finished, PromptMessage
from bot.conversation.retold_steps import in_words
from bot.conversation.server_calls import consulted_of
from bot.conversation.server_uses import ServerUses, has_pending, used_up_text
from bot.store.claim import Claim
from bot.store.tool_steps import Answered, ToolStep, ToolSteps
from bot.tools.gate import Gate, allow_all
from bot.tools.tool import Tool, ToolContext, ToolPlace
from bot.tools.toolbox import Toolbox
from bot.turns.effect_keys import EffectKeys
from bot.turns.persist import persist
from bot.turns.tool_call import ToolCalls

MOST_TOLD = 2
"""A reply that goes on calling after it was told so often that the limit is reached ends there."""

STOPPED = "The person has stopped this."

LIMIT_REACHED = "No more tools can be called for this message. Answer with what you have."


UNNAMED = Consulted("", "refused")
"""In place of what later requests are not to name, because it was not done, or is named already."""

Answer = ToolResult | Text


@dataclass(frozen=True, slots=True)
class ToolPolicy:
    """How far one turn may go: in steps, and in seconds since the first call."""

    most_steps: int = 10
    most_s: float = 300.0


class ToolLoop:
    """The tools of one claimed turn.

    `names` are those that the request offers. `messages` were exchanged so far behind the turn's question, with the
    `text` of the reply, and what was `consulted`. `uses` counts the calls of the server's tools; `report` as in
    ToolCalls.
    """

    def __init__(
        self,
        toolbox: Toolbox,
        steps: ToolSteps,
        claim: Claim,
        names: Sequence[str],
        *,
        policy: ToolPolicy | None = None,
        gate: Gate = allow_all,
        uses: ServerUses | None = None,
        report: Callable[[Tool, str, float], None] = lambda _tool, _outcome, _seconds: None,
    ) -> None:
        self._steps = steps
        self._claim = claim
        self._policy = policy or ToolPolicy()
        self.uses = uses or ServerUses({})
        self._known: list[ToolStep] = []
        self._keys = EffectKeys(claim)
        self._retold: set[str] = set()
        self._began_s: float | None = None
        self._told_limit = 0
        self._running: list[tuple[ToolUse, asyncio.Task[Answered]]] = []
        self._is_broken_off = False
        self._calls = ToolCalls(
            {name: tool for name in names if (tool := toolbox.find(name)) is not None},
            steps,
            gate,
            claim,
            report,
        )

    @property
    def messages(self) -> tuple[PromptMessage, ...]:
        """The messages behind the turn's question."""
        return tuple(step.message for step in self._known)

    @property
    def text(self) -> str:
        """The text of the reply that came with the steps."""
        return "".join(step.text for step in self._known)

    @property
    def container(self) -> str | None:
        """Where code of the turn has run so far."""
        return next((step.container for step in reversed(self._known) if step.container), None)

    @property
    def consulted(self) -> tuple[Consulted, ...]:
        """What was consulted, in order."""
        return tuple(each for step in self._known for each in step.consulted)

    def break_off(self) -> None:
        """Stop the calls that run and make no further ones; an effect that has begun comes to its end."""
        self._is_broken_off = True
        for call, task in self._running:
            if call.id not in self._calls.under_way:
                task.cancel()

    async def resume(self, show_status: Callable[[str], None]) -> bool:
        """Take up the steps of an earlier attempt, and answer its calls that have no results yet.

        Returns whether there are any.
        """
        if self._known or not self._claim.has_earlier_attempt:
            return bool(self._known)
        self._known = list(await persist(lambda: self._steps.of(self._claim)))
        for step in self._known:
            self._count(step)
        calls = calls_of(self._known[-1].message) if self._known else ()
        for step in self._known[:-1] if calls else self._known:
            for call in calls_of(step.message):
                self._keys.of(call)
        if calls:
            await self._answer(calls, show_status)
        return bool(self._known)

    def retell(self) -> tuple[PromptMessage, ...]:
        """Return the steps in words, and begin anew behind them; a call that is repeated has no second effect."""
        conversation, turn = self._claim.conversation, self._claim.turn_id
        told = in_words(self.messages, self.text, conversation=conversation, turn=turn)
        keys = EffectKeys(self._claim)
        self._retold.update(keys.of(call) for step in self._known for call in calls_of(step.message))
        self._known, self._keys = [], EffectKeys(self._claim)
        return told

    async def go_on(
        self,
        end: Finished,
        text: str,
        show_status: Callable[[str], None],
    ) -> tuple[Answer, ...]:
        """Note what Claude said, which came with this `text`, and return the results of its calls, if it has any.

        Behind the results stands what else Claude has to know. Without results of calls the reply has ended: it was
        broken off, or went on calling at the limit.
        """
        said = PromptMessage("assistant", end.blocks)
        await self._add(ToolStep(said, text, consulted_of(end.blocks), end.container or self.container or ""))
        calls = calls_of(said) if end.stop_reason == "tool_use" else ()
        return await self._answer(calls, show_status) if calls else ()

    async def _answer(
        self, calls: Sequence[ToolUse], show_status: Callable[[str], None]
    ) -> tuple[Answer, ...]:
        if self._is_broken_off or self._told_limit >= MOST_TOLD:
            return ()
        keys = [self._keys.of(call) for call in calls]
        if self._is_at_limit:
            self._told_limit += 1
            return await self._add_results([_unnamed(call, LIMIT_REACHED) for call in calls])
        known = (self._calls.tools.get(call.name) for call in calls)
        for status in dict.fromkeys(tool.status for tool in known if tool is not None):
            show_status(status_wording.tool_status(status))
        self._running = [
            (
                call,
                asyncio.create_task(self._calls.answer(call, self._context(key)), name=f"tool-{call.name}"),
            )
            for call, key in zip(calls, keys, strict=True)
        ]
        answered = zip(keys, await self._ended(), strict=True)
        return await self._add_results(
            [replace(each, consulted=UNNAMED) if key in self._retold else each for key, each in answered]
        )

    async def _ended(self) -> list[Answered]:
        """Wait for the calls that run; the first failure that is not a tool's own is raised as it is."""
        tasks = [task for _, task in self._running]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            failed = [task for task in tasks if task.done() and not task.cancelled() and task.exception()]
            if failed:
                failed[0].result()
            return [
                _unnamed(call, STOPPED) if task.cancelled() else task.result() for call, task in self._running
            ]
        finally:
            self._running = []
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for task in tasks:
                if not task.cancelled():
                    task.exception()  # an exception that nobody looks at is logged with its text

    async def _add_results(self, answered: Sequence[Answered]) -> tuple[Answer, ...]:
        results = tuple(each.result for each in answered)
        consulted = tuple(each.consulted for each in answered if each.consulted.tool)
        blocks: tuple[Answer, ...] = (*results, *self._told_used_up())
        await self._add(ToolStep(PromptMessage("user", blocks), consulted=consulted))
        return blocks

    def _told_used_up(self) -> tuple[Text, ...]:
        """Return what stands behind the results once the turn has used up a tool of the server."""
        used_up = self.uses.used_up
        if not used_up or has_pending(self._known[-1].message.blocks):
            return ()
        return (Text(used_up_text(used_up)),)

    async def _add(self, step: ToolStep) -> None:
        number = len(self._known)
        await persist(lambda: self._steps.add(self._claim, number, step))
        self._known.append(step)
        self._count(step)

    def _count(self, step: ToolStep) -> None:
        if step.message.role == "assistant":
            self.uses.note(step.message.blocks)

    @property
    def _is_at_limit(self) -> bool:
        """Whether the turn has gone as far as it may; the first call begins the time."""
        now_s = time.monotonic()
        self._began_s = now_s if self._began_s is None else self._began_s
        answers = sum(step.message.role == "user" for step in self._known)
        return answers >= self._policy.most_steps or now_s - self._began_s > self._policy.most_s

    def _context(self, key: str) -> ToolContext:
        # Who has a reply written again pays for it, and lends nobody their roles or their name.
        asker, meta = self._claim.asker, self._claim.meta
        place = ToolPlace(self._claim.conversation, meta.parent, meta.guild, is_private=meta.is_private)
        others = {
            (each.asker or each.author.id): frozenset(each.roles) for each in self._claim.batch.messages
        }
        others.pop(asker.person, None)
        return ToolContext(place, asker.person, key, self._claim.turn_id, asker.roles, tuple(others.values()))


async def has_called(steps: ToolSteps, claim: Claim) -> bool:
    """Whether Claude has called tools for the messages of a claimed turn."""
    try:
        return bool(await steps.of(claim))
    except Unreadable:
        return True


def _unnamed(call: ToolUse, text: str) -> Answered:
    """Answer a call that was not made; later requests do not name it."""
    return Answered(ToolResult(call.id, (Text(text),), is_error=True), UNNAMED)


def calls_of(message: PromptMessage) -> tuple[ToolUse, ...]:
    """Return the calls of tools that run here."""
    return tuple(block for block in message.blocks if isinstance(block, ToolUse))


def no_tools(_claim: Claim, _terms: Terms) -> ToolLoop | None:
    """Have no tools."""
    return None
