"""The heartbeat of discord.py's gateway, without an alarm where the answer comes at once."""

from __future__ import annotations

import time
from typing import Any

from discord import gateway
from discord.gateway import KeepAliveHandler


class KeepAlive(KeepAliveHandler):
    """Measures the latency from the moment at which a heartbeat is made.

    discord.py 2.7 notes when it has sent one only after the loop has done so. An answer that is there sooner would be
    measured from the heartbeat before, and be told as "Can't keep up, websocket is 41.3s behind".
    """

    def get_payload(self) -> dict[str, Any]:
        """Make a heartbeat, which is sent at once."""
        self._last_send = time.perf_counter()
        return super().get_payload()


def install() -> None:
    """Have discord.py make this one; it has no hook for it."""
    gateway.KeepAliveHandler = KeepAlive  # type: ignore[misc]
