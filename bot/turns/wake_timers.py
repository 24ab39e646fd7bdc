"""Timers after which conversations are woken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

AFTER_LAPSE_S = 0.05
"""The store counts in milliseconds; a claim just before a lease lapses would find it held."""


class WakeTimers:
    """Calls `wake` with each conversation whose time has come."""

    def __init__(self, wake: Callable[[int], None]) -> None:
        self._wake = wake
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def wake_in(self, seconds: float, conversation: int) -> None:
        """Wake a conversation after this time, and not at an earlier one that was set before."""
        # One timer at a time: each claim that finds the conversation held would start another series of claims.
        if timer := self._timers.pop(conversation, None):
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[conversation] = loop.call_later(
            seconds + AFTER_LAPSE_S, self._wake_from_timer, conversation
        )

    def _wake_from_timer(self, conversation: int) -> None:
        del self._timers[conversation]
        self._wake(conversation)
