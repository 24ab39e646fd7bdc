"""The heartbeat of discord.py's gateway, without an alarm where the answer comes at once."""

from __future__ import annotations

import time

from discord import gateway
from discord.gateway import KeepAliveHandler


class KeepAlive(KeepAliveHandler):
    """Measures the latency from the heartbeat that is answered.

    discord.py 2.7 notes when it has sent one only after the loop has done so. An answer that is there sooner would be
    measured from the one before, and be told as "Can't keep up, websocket is 41.3s behind".
    """

    def ack(self) -> None:
        """Note an answer."""
        if self._last_send <= self._last_ack:
            self._last_send = time.perf_counter()
        super().ack()


def install() -> None:
    """Have discord.py make this one; it has no hook for it."""
    gateway.KeepAliveHandler = KeepAlive  # type: ignore[misc]
