"""The settings of places as they were a moment ago: most messages are ignored, and none is to cost a round trip."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.conversation.scope import Scope, Settings

FRESH_S = 5.0
"""For so long a change that another instance has made may go unnoticed."""

CAPACITY = 5000
"""The most places whose settings are held."""

ByScope: TypeAlias = Mapping[Scope, Settings]
"""The settings of a place, the narrowest scope first."""


@dataclass(frozen=True, slots=True)
class Place:
    """A server, one of its channels, and a thread of that channel."""

    server: int
    channel: int | None
    thread: int | None = None


@dataclass(slots=True)
class _Entry:
    """The latest call and when it began, and what the latest successful call has found."""

    began_s: float = -math.inf
    call: asyncio.Future[ByScope] | None = None
    known: ByScope = field(default_factory=dict)


class SettingsCache:
    """Reads the settings of a place at most once in `fresh_s`; those who wait at the same time share the call."""

    def __init__(
        self,
        read: Callable[[Place], Awaitable[ByScope]],
        *,
        fresh_s: float = FRESH_S,
        capacity: int = CAPACITY,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._fresh_s = fresh_s
        self._capacity = capacity
        self._now_s = now_s
        self._entries: dict[Place, _Entry] = {}

    def prefetch(self, place: Place) -> None:
        """Begin to read the settings of a place unless they are fresh: what is sent next shares the round trip."""
        self._begun(place)

    async def by_scope(self, place: Place) -> ByScope:
        """Return the settings of a place; raises StoreUnavailable."""
        entry, call = self._begun(place)
        # The call is shared, so it outlives the cancellation of one of those who wait for it.
        try:
            found = await asyncio.shield(call)
        except Exception:
            if entry.call is call:
                entry.call = None
            raise
        if entry.call is call:
            entry.known = found
        return found

    def last_known(self, place: Place) -> ByScope:
        """Return what was found last, however long ago that is; nothing of a place that was never read."""
        entry = self._entries.get(place)
        return {} if entry is None else entry.known

    def forget(self, server: int) -> None:
        """Have the settings of a server's places read again; calls under way may have missed a change."""
        for place, entry in self._entries.items():
            if place.server == server:
                entry.call = None

    def _begun(self, place: Place) -> tuple[_Entry, asyncio.Future[ByScope]]:
        entry = self._entry(place)
        call = entry.call
        if call is None or _has_failed(call) or self._now_s() - entry.began_s >= self._fresh_s:
            entry.began_s = self._now_s()
            call = entry.call = asyncio.ensure_future(self._read(place))
            call.add_done_callback(_note_exception)
        return entry, call

    def _entry(self, place: Place) -> _Entry:
        entry = self._entries.pop(place, None) or _Entry()
        self._entries[place] = entry  # as the latest used
        if len(self._entries) > self._capacity:
            del self._entries[next(iter(self._entries))]
        return entry


def _has_failed(call: asyncio.Future[ByScope]) -> bool:
    return call.done() and (call.cancelled() or call.exception() is not None)


def _note_exception(call: asyncio.Future[ByScope]) -> None:
    """Keep asyncio from logging the exception of a call for which nobody waits any more."""
    if not call.cancelled():
        call.exception()
