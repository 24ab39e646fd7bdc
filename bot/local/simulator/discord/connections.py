"""One gateway socket: its outgoing frames, in order, and its close."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.local.simulator.discord.model import Json
from bot.local.simulator.discord.sessions import Session

RECONNECT, INVALID_SESSION = 7, 9
MOST_SENDS, SENDS_S = 120, 60.0


@dataclass(slots=True, eq=False)
class Connection:
    """A socket and, after its handshake, the session on it. Everything goes out through one queue, in order."""

    ws: web.WebSocketResponse
    transport: asyncio.Transport | None = None
    compressor: Any = None
    session: Session | None = None
    # The code that the server closed it with.
    closed_with: int | None = None
    _over: bool = False
    _out: asyncio.Queue[tuple[str | int | None, asyncio.Future[None]]] = field(default_factory=asyncio.Queue)
    _sends: deque[float] = field(default_factory=deque)

    def send(self, payload: Json | str) -> asyncio.Future[None]:
        """Queue a frame; the future is done when it is written."""
        return self._put(payload if isinstance(payload, str) else json.dumps(payload, separators=(",", ":")))

    def close(self, code: int = 4000) -> asyncio.Future[None]:
        """Close the socket with a code, after what is queued."""
        return self._put(code)

    def drop(self) -> asyncio.Future[None]:
        """Cut the TCP connection without a close frame."""
        return self._put(None)

    def reconnect(self) -> asyncio.Future[None]:
        """Tell the client to reconnect and resume (op 7)."""
        return self.send({"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool = False) -> asyncio.Future[None]:
        """Tell the client that its session is invalid (op 9); unless resumable, it cannot be resumed any more."""
        if self.session is not None and not resumable:
            self.session.kept.clear()
            self.session.lost_at = 0.0
        return self.send({"op": INVALID_SESSION, "d": resumable})

    def over_limit(self, now: float) -> bool:
        """Whether the client has sent more than 120 frames in 60 s."""
        self._sends.append(now)
        while now - self._sends[0] >= SENDS_S:
            self._sends.popleft()
        return len(self._sends) > MOST_SENDS

    def _put(self, item: str | int | None) -> asyncio.Future[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._over:
            done.set_result(None)
        else:
            self._out.put_nowait((item, done))
        return done

    async def write(self) -> None:
        """Send queued frames until the socket is closed; remaining frames then count as sent."""
        try:
            while True:
                item, done = await self._out.get()
                try:
                    await self._write(item)
                finally:
                    _settle(done)
        except ConnectionError:
            return
        finally:
            self._over = True
            while not self._out.empty():
                _settle(self._out.get_nowait()[1])

    async def _write(self, item: str | int | None) -> None:
        if item is None:
            if self.transport is not None:
                self.transport.abort()
        elif isinstance(item, int):
            self.closed_with = item
            await self.ws.close(code=item)
        elif self.compressor is not None:
            data = self.compressor.compress(item.encode()) + self.compressor.flush(zlib.Z_SYNC_FLUSH)
            await self.ws.send_bytes(data)
        else:
            await self.ws.send_str(item)


def _settle(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
