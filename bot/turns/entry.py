"""The history entry of a reply that Claude has written: pure. `shown_entry` makes those read back from Discord."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.conversation.compose import Plan
from bot.conversation.consulted import Consulted
from bot.conversation.provenance import Provenance
from bot.conversation.request import PromptMessage, Usage
from bot.conversation.scope import Scope
from bot.conversation.turn import MadeWith, Turn
from bot.store.claim import Claim
from bot.turns.conclusion import Conclusion
from bot.turns.prepare import Prepared


@dataclass(frozen=True, slots=True)
class Asked:
    """The requests of a generation: the usage of the reply, when its request was sent (ms), the side requests' usage.

    `cost` is the cost of all requests in micro-dollars, None if unknown. `title_line` is the part of the output that
    was taken off as a title. `prompt_scope` is where the system prompt was set, None for the default. `consulted` is
    what tools have read.
    """

    usage: Usage
    asked_ms: int
    side_usage: tuple[Usage, ...]
    cost: int | None
    title_line: str = ""
    prompt_scope: Scope | None = None
    consulted: tuple[Consulted, ...] = ()


def entry(claim: Claim, prepared: Prepared, plan: Plan, conclusion: Conclusion, asked: Asked) -> Turn:
    """Return the entry of a turn; after further requests the entry keeps the counts of the first request."""
    earlier = claim.earlier.entry
    added = conclusion.reply[len(prepared.reply) :] if conclusion.outcome == "answered" else ""
    if earlier is not None and prepared.so_far:
        turn = replace(earlier, reply_tokens=plan.rates.of(conclusion.reply)) if added else earlier
    else:
        written = asked.usage.output - asked.usage.thinking - plan.rates.of(asked.title_line)
        counted = max(0, written) or plan.rates.of(added)
        turn = Turn(
            id=claim.turn_id,
            sent=(),
            outcome=conclusion.outcome,
            model=plan.request.parameters.model,
            user_tokens=plan.measured(asked.usage),
            reply_tokens=counted if added else 0,
            usage=Usage(),
            window_start=0,
            prefix_key="",
            members=tuple(message.id for message in claim.batch.messages),
            authors=tuple(message.asker or 0 for message in claim.batch.messages),
            provenance=tuple(map(Provenance.of, prepared.messages)),
        )
    if added or not prepared.so_far:
        answer = (PromptMessage.of("assistant", added),) if added else ()
        turn = replace(
            turn,
            sent=(*plan.added, *answer),
            usage=asked.usage,
            asked_ms=asked.asked_ms,
            prefix_key=plan.prefix.key,
            open_end=conclusion.open_end,
            made_with=_made_with(plan, asked),
        )
    elif plan.new_preface is not None:
        # A request without any text in its answer is not sent again: the next request extends the one before it.
        turn = replace(turn, prefix_key="")
    preface = plan.new_preface
    if preface is None and earlier is not None:
        preface = earlier.preface
    return replace(
        turn,
        window_start=plan.window.start,
        preface=preface,
        consulted=(*(earlier.consulted if earlier is not None and prepared.so_far else ()), *asked.consulted),
        side_usage=(*(earlier.side_usage if earlier is not None else ()), *asked.side_usage),
        cost=_with_earlier_cost(earlier, asked.cost),
    )


def _made_with(plan: Plan, asked: Asked) -> MadeWith:
    parameters, before = plan.request.parameters, plan.window.all_turns
    return MadeWith(
        effort=parameters.effort,
        thinking=parameters.thinking,
        prompt=asked.prompt_scope,
        turns=len(before),
        files=len({source for turn in before for source in turn.sources}),
        summary=bool(plan.preface.summary),
    )


def _with_earlier_cost(earlier: Turn | None, cost: int | None) -> int | None:
    """Add the cost of the earlier answer; None if either cost is unknown."""
    if earlier is None or cost is None:
        return cost
    return None if earlier.cost is None else earlier.cost + cost
