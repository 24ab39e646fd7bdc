"""discord.py's gateway heartbeat, with a latency that is right at once, and an end of connections that are silent."""

from __future__ import annotations

import time
from typing import Any

from discord import gateway
from discord.gateway import KeepAliveHandler

HEARTBEATS_MAX = 3
"""After so many intervals without any frame the connection counts as lost. discord.py waits for 60 s whatever the
interval is, which is sooner at Discord's 41 s."""


class KeepAlive(KeepAliveHandler):
    """Measures the latency from the moment at which a heartbeat is made, and bounds how long nothing may be heard.

    discord.py 2.7 sets the time of a heartbeat only after the event loop has sent it. An acknowledgement that comes
    sooner is measured from the heartbeat before, and logged as "Can't keep up, websocket is 41.3s behind".
    """

    def __init__(self, *args: Any, ws: Any, interval: float, **options: Any) -> None:
        # The socket's own wait for the next frame reads this as well.
        ws._max_heartbeat_timeout = min(ws._max_heartbeat_timeout, HEARTBEATS_MAX * interval)
        super().__init__(*args, ws=ws, interval=interval, **options)

    def get_payload(self) -> dict[str, Any]:
        """Make a heartbeat, which is sent at once."""
        self._last_send = time.perf_counter()
        return super().get_payload()


def install() -> None:
    """Replace discord.py's class, for which there is no hook."""
    gateway.KeepAliveHandler = KeepAlive  # type: ignore[assignment, misc]
