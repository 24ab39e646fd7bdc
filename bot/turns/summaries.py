"""The summaries of turns that a trim drops, held for turns that are restarted."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from bot.conversation.request import Request, Usage

Summary = tuple[str | None, tuple[Usage, ...]]
"""The text, None without one, and the usage of its requests."""

MOST_HELD = 100
"""Conversations with a held summary: turns that were restarted and then taken over by another worker."""


@dataclass(frozen=True, slots=True)
class _Made:
    key: str
    task: asyncio.Task[Summary]

    @property
    def useful(self) -> bool:
        """Whether the task has a summary, or may still have one."""
        if not self.task.done():
            return True
        return (
            not self.task.cancelled() and self.task.exception() is None and self.task.result()[0] is not None
        )


class Summaries:
    """Makes summaries and holds one per conversation while the summarized turns stay the same.

    A message that joins the turn, or an edit of the turn's messages, does not change the turns before.
    """

    def __init__(self) -> None:
        self._made: dict[int, _Made] = {}

    async def of(
        self, conversation: int, request: Request, make: Callable[[], Coroutine[Any, Any, Summary]]
    ) -> Summary:
        """Return the summary that a request asks for; `make` makes the request if no task has.

        A cancelled caller leaves the task to the next caller, until `break_off`.
        """
        key = _key(request)
        made = self._made.pop(conversation, None)
        if made is None or made.key != key or not made.useful:
            if made is not None:
                await _end(made.task)
            made = _Made(key, asyncio.create_task(make(), name=f"summary-{conversation}"))
        self._made[conversation] = made
        while len(self._made) > MOST_HELD:
            del self._made[next(iter(self._made))]
        return await asyncio.shield(made.task)

    def forget(self, conversation: int) -> None:
        """Release the summary of a turn that has ended."""
        self._made.pop(conversation, None)

    async def break_off(self, conversation: int) -> None:
        """Drop a summary that is still being made."""
        made = self._made.get(conversation)
        if made is not None and not made.task.done():
            del self._made[conversation]
            await _end(made.task)


async def _end(task: asyncio.Task[Summary]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _key(request: Request) -> str:
    """Return a hash of a summary's request, without its user and its cache breakpoints."""
    compared = replace(request, user_key=None, breakpoints=None)
    return hashlib.sha256(repr(compared).encode()).hexdigest()
