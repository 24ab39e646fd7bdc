"""What Claude says to one turn, for as long as nobody cuts it short."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from bot.claude.client import Claude
from bot.conversation import wording
from bot.conversation.errors import BobbinError, ClaudeError, ClaudeUnreachable
from bot.conversation.pricing import Prices
from bot.conversation.request import (
    AskedAgain,
    Finished,
    Request,
    Started,
    TextDelta,
    Thinking,
    Usage,
    Waiting,
)
from bot.conversation.visible import is_blank
from bot.turns.turn_cost import TurnCost

log = structlog.get_logger()

T = TypeVar("T")

SUMMARY_S = 60.0
"""A summary that takes longer keeps somebody waiting too long for the reply that comes after it."""

MAX_SUMMARY_CHARS = 4000
"""300 words are asked for; much more would be no summary."""


def _unheard(_text: str) -> None:
    """A summary is not shown while it is written."""


@dataclass(slots=True)
class _Try:
    used: Usage = field(default_factory=Usage)
    asked_ms: int = 0
    read: bool = False


class ReplyStream:
    """Makes the requests of one turn; once it is `cut`, what is under way is dropped and nothing more is asked.

    The reply goes to `push` as it comes, what goes on meanwhile to `tell`, in words for the thread. Each request is
    added to `tally` by `prices`, also if it is dropped.
    """

    def __init__(
        self,
        claude: Claude,
        cut: asyncio.Future[BobbinError],
        push: Callable[[str], None],
        tell: Callable[[str], None],
        tally: TurnCost,
        prices: Prices | None,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._claude = claude
        self._cut = cut
        self._push = push
        self._tell = tell
        self._tally = tally
        self._prices = prices
        self._now_s = now_s
        self._latest = _Try()

    @property
    def used(self) -> Usage:
        """What the latest request for the reply has told of itself; of one that broke off, that is what it read."""
        return self._latest.used

    @property
    def was_read(self) -> bool:
        """Whether Claude has read it, as far as anybody can tell."""
        return self._latest.read

    @property
    def asked_ms(self) -> int:
        """When that was sent, in ms since 1970; 0 if none was."""
        return self._latest.asked_ms

    async def count(self, request: Request | None) -> int | None:
        """Have the tokens of a request counted; None if there is none, or nobody knows."""
        return None if request is None else await self._unless_cut(self._counted(request))

    async def summary(self, request: Request) -> tuple[str | None, tuple[Usage, ...]]:
        """Ask for a summary of what is about to go; None, so that it just goes, if there is none to be had.

        Returns what was used, too.
        """
        if self._cut.done():
            return None, ()
        self._tell(wording.SUMMARIZING)
        return await self._unless_cut(self._summarized(request)) or (None, ())

    async def reply(self, request: Request) -> tuple[str, Finished | BobbinError]:
        """Return the reply as far as it came, and its end: a failure of the API, or what has cut it, is one too."""
        text: list[str] = []
        self._latest = _Try()
        end = await self._unless_cut(self._streamed(request, text, self._push, self._tell, self._latest))
        return "".join(text), self._cut.result() if end is None else end

    async def _unless_cut(self, step: Coroutine[Any, Any, T]) -> T | None:
        """Do a step; None, and it is dropped, if the turn is cut meanwhile."""
        if self._cut.done():
            step.close()  # to wait for it, however shortly, would begin it
            return None
        task = asyncio.ensure_future(step)
        try:
            waited: tuple[asyncio.Future[Any], ...] = (task, self._cut)
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _counted(self, request: Request) -> int | None:
        try:
            return await self._claude.count_tokens(request)
        except ClaudeError as error:
            log.info("not_counted", detail=str(error))
            return None

    async def _summarized(self, request: Request) -> tuple[str | None, tuple[Usage, ...]]:
        text: list[str] = []
        end: Finished | ClaudeError | TimeoutError
        try:
            async with asyncio.timeout(SUMMARY_S):
                end = await self._streamed(request, text, _unheard, _unheard, _Try())
        except TimeoutError as error:
            end = error
        if not isinstance(end, Finished):
            log.warning("not_summarized", kind=type(end).__name__, detail=str(end))
            return None, ()
        summary = "".join(text).strip()
        log.info(
            "summarized",
            stop_reason=end.stop_reason,
            chars=len(summary),
            input_tokens=end.usage.input_total,
            cache_read_tokens=end.usage.cache_read,
        )
        sound = end.stop_reason == "end_turn" and not is_blank(summary) and len(summary) <= MAX_SUMMARY_CHARS
        return summary if sound else None, (end.usage,)

    async def _streamed(
        self,
        request: Request,
        text: list[str],
        push: Callable[[str], None],
        tell: Callable[[str], None],
        latest: _Try,
    ) -> Finished | ClaudeError:
        """Add the pieces to `text` as they come, keep the `latest` try up to date, and return the end."""
        latest.asked_ms = self._now_ms()
        owing = True  # of what is under way something may be used that nobody has told yet
        try:
            async with aclosing(self._claude.stream(request)) as events:
                async for event in events:
                    latest.read |= isinstance(event, (Started, TextDelta, Finished))
                    match event:
                        case Started(usage=usage):
                            latest.used = usage
                        case TextDelta(text=delta):
                            text.append(delta)
                            push(delta)
                        case Finished(usage=usage):
                            owing = False
                            latest.used = usage
                            self._tally.add(usage, self._prices)
                            return event
                        case Thinking():
                            tell(wording.THINKING)
                        case Waiting():
                            owing = False
                            if event.lost or latest.used.input_total:
                                self._tally.add_incomplete(latest.used, self._prices)
                            tell(wording.BUSY)
                            log.info(
                                "claude_asked_again", seconds=round(event.seconds, 1), attempt=event.attempt
                            )
                        case AskedAgain():
                            owing = True
                            latest.used, latest.asked_ms, latest.read = Usage(), self._now_ms(), False
            raise ClaudeError("the stream ended without an end")  # noqa: TRY301 - counted like any other
        except ClaudeError as error:
            # What is refused costs nothing, and what was never sent neither.
            lost = isinstance(error, ClaudeUnreachable) and error.sent
            owing = owing and bool(text or lost or latest.used.input_total)
            return error
        finally:
            if owing:
                self._tally.add_incomplete(latest.used, self._prices)

    def _now_ms(self) -> int:
        return round(self._now_s() * 1000)
