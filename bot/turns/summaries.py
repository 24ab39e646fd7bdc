"""The summaries of what is about to be trimmed, kept for turns that begin anew."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from bot.conversation.request import Request, Usage

Summary = tuple[str | None, tuple[Usage, ...]]
"""The text, None if there is none to be had, and what its requests have used."""

MOST_KEPT = 100
"""Conversations of which a summary is kept: turns that began anew, and were then taken over by somebody else."""


@dataclass(frozen=True, slots=True)
class _Made:
    key: str
    task: asyncio.Task[Summary]

    @property
    def useful(self) -> bool:
        """Whether it is a summary, or may still become one."""
        if not self.task.done():
            return True
        return (
            not self.task.cancelled() and self.task.exception() is None and self.task.result()[0] is not None
        )


class Summaries:
    """Has summaries made: one for each conversation, as long as what it sums up is the same.

    A message that joins the turn, or an edit of what it answers, changes nothing about what went before.
    """

    def __init__(self) -> None:
        self._made: dict[int, _Made] = {}

    async def of(
        self, conversation: int, request: Request, make: Callable[[], Coroutine[Any, Any, Summary]]
    ) -> Summary:
        """Return the summary that a request asks for; `make` asks, where nobody has.

        Whoever stops waiting for it leaves it to whoever comes next, until it is broken off.
        """
        key = _key(request)
        made = self._made.pop(conversation, None)
        if made is None or made.key != key or not made.useful:
            if made is not None:
                await _end(made.task)
            made = _Made(key, asyncio.create_task(make(), name=f"summary-{conversation}"))
        self._made[conversation] = made
        while len(self._made) > MOST_KEPT:
            del self._made[next(iter(self._made))]
        return await asyncio.shield(made.task)

    def forget(self, conversation: int) -> None:
        """Keep it no longer: the turn that it was made for has come to its end."""
        self._made.pop(conversation, None)

    async def break_off(self, conversation: int) -> None:
        """Drop what is still being made: nobody waits for it."""
        made = self._made.get(conversation)
        if made is not None and not made.task.done():
            del self._made[conversation]
            await _end(made.task)


async def _end(task: asyncio.Task[Summary]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _key(request: Request) -> str:
    """Name what a request sums up, and how, whoever asks and wherever the cache begins."""
    said = replace(request, user_key=None, breakpoints=None)
    return hashlib.sha256(repr(said).encode()).hexdigest()
