"""Ask Claude for the reply of one turn."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

import structlog

from bot.claude.client import Claude
from bot.conversation import pricing, prompt, wording
from bot.conversation.errors import BobbinError, ClaudeError, ClaudeTooLong, ClaudeUnreachable, CutShort
from bot.conversation.request import Finished, Request, TextDelta, Usage
from bot.conversation.tokens import estimate, measure_user
from bot.conversation.trimming import TrimPolicy, Window, trim
from bot.conversation.turn import Turn
from bot.store.claim import Claim
from bot.turns.conclusion import Conclusion, conclude
from bot.turns.policy import TurnPolicy

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of it: the entry for the history, what the thread is to show, where the window begins.

    `cost` is what this one request cost in micro-dollars, None where nobody knows.
    """

    turn: Turn
    conclusion: Conclusion
    cut: int
    cost: int | None = 0


class Asker:
    """Builds the request of a turn, streams the answer and concludes."""

    def __init__(self, claude: Claude, spent: Callable[[int | None], None] = lambda _: None) -> None:
        self._claude = claude
        self._spent = spent

    async def ask(
        self, claim: Claim, policy: TurnPolicy, push: Callable[[str], None], cut: asyncio.Event
    ) -> Asked:
        """Stream the reply into `push` until it ends or is `cut`; a failure of the API is an outcome too."""
        user = prompt.render_user(claim.messages)
        system = prompt.render_system(policy.system)
        other_tokens = estimate(user) + sum(estimate(block) for block in system)
        window = trim(claim.history, policy.trimming, claim.meta.cut, other_tokens=other_tokens)
        request = Request(
            model=policy.model,
            max_tokens=policy.max_tokens,
            effort=policy.effort,
            system=system,
            messages=prompt.render_messages(window.turns, user),
            user_key=_opaque(claim.messages[0].author.id, policy.secret),
            thinking=policy.thinking,
        )
        text, end = await self._until_cut(request, push, cut)
        if isinstance(end, ClaudeTooLong) and not text and window.turns:
            # The count was too low: half of the window goes at once, and the request is made once more.
            half = TrimPolicy(high_tokens=0, low_tokens=window.tokens // 2)
            window = _cut_again(window, half, other_tokens)
            request = replace(request, messages=prompt.render_messages(window.turns, user))
            text, end = await self._until_cut(request, push, cut)
        conclusion = conclude(text, end)
        if window.dropped and conclusion.outcome == "failed" and isinstance(end, ClaudeTooLong):
            conclusion = replace(conclusion, notices=(wording.STILL_TOO_LONG,))
        elif window.dropped:
            conclusion = replace(conclusion, notices=(*conclusion.notices, wording.TRIMMED))
        cost = _cost(conclusion, end, policy)
        self._spent(cost)
        log.info(
            "claude_answered",
            conversation=claim.conversation,
            turn=claim.lead,
            outcome=conclusion.outcome,
            stop_reason=end.stop_reason if isinstance(end, Finished) else type(end).__name__,
            detail="" if isinstance(end, Finished) else str(end),
            input_tokens=end.usage.input_total if isinstance(end, Finished) else None,
            cache_read_tokens=end.usage.cache_read if isinstance(end, Finished) else None,
            output_tokens=end.usage.output if isinstance(end, Finished) else None,
            cost_micro_usd=cost,
            request_id=end.request_id if isinstance(end, (Finished, ClaudeError)) else None,
        )
        key = prompt.prefix_key(policy.model, system)
        turn = self._entry(claim, policy, user, conclusion, end, window, key)
        return Asked(replace(turn, cost=cost), conclusion, window.cut, cost)

    async def _until_cut(
        self, request: Request, push: Callable[[str], None], cut: asyncio.Event
    ) -> tuple[str, Finished | BobbinError]:
        text: list[str] = []
        stream = asyncio.ensure_future(self._stream(request, text, push))
        cutting = asyncio.ensure_future(cut.wait())
        try:
            await asyncio.wait({stream, cutting}, return_when=asyncio.FIRST_COMPLETED)
            if not stream.done():
                return "".join(text), CutShort()
            return "".join(text), stream.result()
        finally:
            cutting.cancel()
            stream.cancel()
            await asyncio.wait({stream})

    async def _stream(
        self, request: Request, text: list[str], push: Callable[[str], None]
    ) -> Finished | BobbinError:
        try:
            return await self._stream_to_its_end(request, text, push)
        except ClaudeError as error:
            return error

    async def _stream_to_its_end(
        self, request: Request, text: list[str], push: Callable[[str], None]
    ) -> Finished:
        async with aclosing(self._claude.stream(request)) as events:
            async for event in events:
                match event:
                    case TextDelta(text=delta):
                        text.append(delta)
                        push(delta)
                    case Finished():
                        return event
                    case _:
                        log.info("claude_asked_again", seconds=round(event.seconds, 1), attempt=event.attempt)
        raise ClaudeError("the stream ended without an end")

    def _entry(
        self,
        claim: Claim,
        policy: TurnPolicy,
        user: str,
        conclusion: Conclusion,
        end: Finished | BobbinError,
        window: Window,
        prefix_key: str,
    ) -> Turn:
        usage = end.usage if isinstance(end, Finished) else Usage()
        model = policy.model
        measured = measure_user(user, usage, window.turns, model=model, cut=window.cut, prefix_key=prefix_key)
        reply_tokens = max(0, usage.output - usage.thinking) or estimate(conclusion.reply)
        return Turn(
            id=claim.lead,
            user=user,
            reply=conclusion.reply,
            outcome=conclusion.outcome,
            model=model,
            user_tokens=measured,
            reply_tokens=reply_tokens if conclusion.outcome == "answered" else 0,
            usage=usage,
            cut=window.cut,
            prefix_key=prefix_key,
        )


def _cost(conclusion: Conclusion, end: Finished | BobbinError, policy: TurnPolicy) -> int | None:
    """Say what a request cost; of one that broke off nobody has told how much it used."""
    if isinstance(end, Finished):
        return None if policy.prices is None else pricing.cost(end.usage, policy.prices)
    refused = isinstance(end, ClaudeError) and not isinstance(end, ClaudeUnreachable)
    return 0 if refused and not conclusion.reply else None


def _cut_again(window: Window, policy: TrimPolicy, other_tokens: int) -> Window:
    smaller = trim(window.turns, policy, window.cut, other_tokens=other_tokens)
    return replace(smaller, dropped=smaller.dropped + window.dropped)


def _opaque(author: int, secret: bytes) -> str:
    """Name a person to Anthropic without telling who it is (metadata.user_id: a hash, no personal data)."""
    return hmac.new(secret, str(author).encode(), hashlib.sha256).hexdigest()[:32]
