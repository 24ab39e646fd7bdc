"""What tools did for a turn before another message joined it.

Claude is asked anew then, and does not see the calls. The effects are told with the first message of the turn; what
waits for a permission is noted with the turn, so that its outcome will be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation.consulted import Consulted, ToolEnd
from bot.conversation.content import ToolUse, text_of
from bot.conversation.errors import Unreadable
from bot.conversation.message import Message, Quote, Quoted
from bot.store.claim import Claim
from bot.store.tool_steps import Answered, Begun, LeftOut, ToolSteps
from bot.turns.effect_keys import EffectKeys
from bot.turns.persist import persist
from bot.turns.prepare import Declined, Prepared
from bot.turns.tool_loop import calls_of

MOST_CHARS = 2000
"""The most characters of a result that are told."""

_REMARKS: dict[ToolEnd, str] = {
    "done": "called before the next message came, and done",
    "failed": "called before the next message came, and failed",
    "unknown": "called before the next message came; nobody knows whether it took effect",
}


@dataclass(frozen=True, slots=True)
class EarlierEffects:
    """A step of the preparation: tells the effects of the turn that came before a message joined it."""

    steps: ToolSteps

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared | Declined:
        """Add the effects as quotes."""
        if prepared.so_far or not prepared.messages:
            return prepared
        effects = _effects(claim, await _left_out(self.steps, claim))
        if not effects:
            return prepared
        first, *others = prepared.messages
        quotes = (_quote(claim, call, known) for call, known in effects)
        return replace(prepared, messages=(replace(first, quotes=(*first.quotes, *quotes)), *others))


def tells_effects(messages: Sequence[Message]) -> bool:
    """Whether messages tell effects that came before a message joined the turn."""
    quotes = (quote for message in messages for quote in message.quotes)
    return any(quote.kind == "tool" and quote.remark in _REMARKS.values() for quote in quotes)


async def left_out(steps: ToolSteps, claim: Claim, *, is_told: bool) -> tuple[Consulted, ...]:
    """Return what is to be noted with the turn; effects only if no message of it tells them."""
    found = await _left_out(steps, claim)
    waiting = [each for noted in found.steps for step in noted for each in step.consulted if each.approval]
    effects = [] if is_told else [_consulted(call, known) for call, known in _effects(claim, found)]
    return (*effects, *waiting)


async def consulted_before(steps: ToolSteps, claim: Claim) -> tuple[Consulted, ...]:
    """Return what earlier attempts at a turn have consulted; nothing if this version cannot read it."""
    try:
        known = await persist(lambda: steps.of(claim))
    except Unreadable:
        return ()
    earlier = await left_out(steps, claim, is_told=tells_effects(claim.batch.messages))
    return (*earlier, *(each for step in known for each in step.consulted))


async def _left_out(steps: ToolSteps, claim: Claim) -> LeftOut:
    if not (claim.has_earlier_attempt or len(claim.batch.members) > 1):
        return LeftOut()  # no message has joined
    try:
        return await persist(lambda: steps.left_out(claim))
    except Unreadable:
        return LeftOut()


def _effects(claim: Claim, found: LeftOut) -> list[tuple[ToolUse, Answered | Begun]]:
    """Return the calls that have taken effect, or may have, each once."""
    effects: dict[str, tuple[ToolUse, Answered | Begun]] = {}
    for noted in found.steps:
        keys = EffectKeys(claim)
        for step in noted:
            for call in calls_of(step.message):
                key = keys.of(call)
                if (known := found.effects.get(key)) is not None:
                    effects[key] = call, known
    return list(effects.values())


def _consulted(call: ToolUse, known: Answered | Begun) -> Consulted:
    return known.consulted if isinstance(known, Answered) else Consulted(call.name, "unknown")


def _quote(claim: Claim, call: ToolUse, known: Answered | Begun) -> Quote:
    result = text_of(known.result.content, "\n") if isinstance(known, Answered) else ""
    said = Quoted(claim.turn_id, text=result[:MOST_CHARS], by_app=True)
    remark = _REMARKS.get(_consulted(call, known).outcome, _REMARKS["unknown"])
    return Quote("tool", claim.conversation, (said,), title=call.name, remark=remark)
