"""Ask Claude for the reply of one turn."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.claude.client import Claude
from bot.conversation import prompt, wording
from bot.conversation.errors import BobbinError, ClaudeError, ClaudeTooLong
from bot.conversation.request import Finished, PromptMessage, Request, TextDelta, Thinking, Usage, Waiting
from bot.conversation.tokens import estimate, measure_user
from bot.conversation.trimming import TrimPolicy, Window, trim
from bot.conversation.turn import Turn
from bot.store.claim import Claim
from bot.turns.conclusion import Conclusion, conclude, go_on
from bot.turns.policy import TurnPolicy

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of it: the entry for the history, what the thread is to show, where the window begins."""

    turn: Turn
    conclusion: Conclusion
    cut: int


class Asker:
    """Builds the request of a turn, streams the answer and concludes."""

    def __init__(self, claude: Claude, policy: TurnPolicy) -> None:
        self._claude = claude
        self._policy = policy

    async def ask(
        self,
        claim: Claim,
        system_prompt: str | None,
        push: Callable[[str], None],
        cut: asyncio.Future[BobbinError],
        tell: Callable[[str], None],
    ) -> Asked:
        """Stream the reply into `push` until it ends or is `cut`; a failure of the API is an outcome too.

        What goes on meanwhile is for `tell`, in words for the thread.
        """
        policy = self._policy
        cut_off = claim.cut_off
        user = cut_off.user if cut_off else prompt.render_user(claim.messages)
        system = prompt.render_system(policy.system if system_prompt is None else system_prompt)
        other_tokens = estimate(user + (cut_off.reply if cut_off else "")) + sum(
            estimate(block) for block in system
        )
        window = trim(claim.history, policy.trimming, claim.meta.cut, other_tokens=other_tokens)
        request = Request(
            model=policy.model,
            max_tokens=policy.max_tokens,
            effort=policy.effort,
            system=system,
            messages=_messages(window, user, cut_off),
            user_key=_opaque(claim.messages[0].author.id, policy.secret),
        )
        text, end = await self._until_cut(request, push, cut, tell)
        if isinstance(end, ClaudeTooLong) and not text and window.turns:
            # The count was too low: half of the window goes at once, and the request is made once more.
            half = TrimPolicy(high_tokens=0, low_tokens=window.tokens // 2)
            window = _cut_again(window, half, other_tokens)
            request = replace(request, messages=_messages(window, user, cut_off))
            text, end = await self._until_cut(request, push, cut, tell)
        conclusion = go_on(cut_off.reply, text, end) if cut_off else conclude(text, end)
        if window.dropped and conclusion.outcome == "failed" and isinstance(end, ClaudeTooLong):
            conclusion = replace(conclusion, notices=(wording.STILL_TOO_LONG,))
        elif window.dropped:
            conclusion = replace(conclusion, notices=(*conclusion.notices, wording.TRIMMED))
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
            request_id=end.request_id if isinstance(end, (Finished, ClaudeError)) else None,
        )
        turn = self._entry(claim, user, conclusion, end, window, prompt.prefix_key(policy.model, system))
        return Asked(turn, conclusion, window.cut)

    async def _until_cut(
        self,
        request: Request,
        push: Callable[[str], None],
        cut: asyncio.Future[BobbinError],
        tell: Callable[[str], None],
    ) -> tuple[str, Finished | BobbinError]:
        text: list[str] = []
        stream = asyncio.ensure_future(self._stream(request, text, push, tell))
        try:
            waited: tuple[asyncio.Future[Any], ...] = (stream, cut)
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not stream.done():
                return "".join(text), cut.result()
            return "".join(text), stream.result()
        finally:
            stream.cancel()
            await asyncio.wait({stream})

    async def _stream(
        self,
        request: Request,
        text: list[str],
        push: Callable[[str], None],
        tell: Callable[[str], None],
    ) -> Finished | BobbinError:
        try:
            return await self._stream_to_its_end(request, text, push, tell)
        except ClaudeError as error:
            return error

    async def _stream_to_its_end(
        self,
        request: Request,
        text: list[str],
        push: Callable[[str], None],
        tell: Callable[[str], None],
    ) -> Finished:
        async with aclosing(self._claude.stream(request)) as events:
            async for event in events:
                match event:
                    case TextDelta(text=delta):
                        text.append(delta)
                        push(delta)
                    case Finished():
                        return event
                    case Thinking():
                        tell(wording.THINKING)
                    case Waiting():
                        tell(wording.BUSY)
                        log.info("claude_asked_again", seconds=round(event.seconds, 1), attempt=event.attempt)
        raise ClaudeError("the stream ended without an end")

    def _entry(
        self,
        claim: Claim,
        user: str,
        conclusion: Conclusion,
        end: Finished | BobbinError,
        window: Window,
        prefix_key: str,
    ) -> Turn:
        usage = end.usage if isinstance(end, Finished) else Usage()
        model = self._policy.model
        if (cut_off := claim.cut_off) is not None:
            grown = len(conclusion.reply) > len(cut_off.reply)
            return replace(
                cut_off,
                reply=conclusion.reply,
                reply_tokens=estimate(conclusion.reply),
                usage=usage,
                prefix_key="",  # the next difference of two requests would hold more than the next message
                seams=(*cut_off.seams, len(cut_off.reply)) if grown else cut_off.seams,
                open_end=conclusion.open_end,
            )
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
            members=tuple(message.id for message in claim.messages),
            open_end=conclusion.open_end,
        )


def _messages(window: Window, user: str, cut_off: Turn | None) -> tuple[PromptMessage, ...]:
    if cut_off is None:
        return prompt.render_messages(window.turns, user)
    return prompt.render_continued(window.turns, cut_off)


def _cut_again(window: Window, policy: TrimPolicy, other_tokens: int) -> Window:
    smaller = trim(window.turns, policy, window.cut, other_tokens=other_tokens)
    return replace(smaller, dropped=smaller.dropped + window.dropped)


def _opaque(author: int, secret: bytes) -> str:
    """Name a person to Anthropic without telling who it is (metadata.user_id: a hash, no personal data)."""
    return hmac.new(secret, str(author).encode(), hashlib.sha256).hexdigest()[:32]
