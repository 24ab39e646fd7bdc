"""Fewer, larger reads of a stream: the deltas that arrive within a fifth of a second are parsed together.

A reply arrives in hundreds of deltas of a few bytes and is edited about once a second. Parsing each delta alone and
waking the reader for it would be most of what a reply costs the processor. Streams are read at the same moments,
unless they are many (`read_moments`): code that runs for one stream after the other is in the processor's caches.
Between these moments the system wakes the process only for some deltas together.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import aiohttp

if TYPE_CHECKING:
    import httpx2
    from aiohttp.client_proto import ResponseHandler

    from bot.claude.read_moments import ReadMoments

# The limits of the HTTP client and of the reply do not count held data.
MOST_HELD_BYTES = 64 * 1024
# Less than the events that end a message have together, so that the system passes them on at once.
LOW_WATER_BYTES = 256
# More than a stream of a crowd sends between two of its moments; the kernel lowers it to half of the buffer.
CROWDED_LOW_WATER_BYTES = 64 * 1024
# Part of the events that end a text block or the message: the whole text must not wait.
END = b"_stop"


class Gathering(asyncio.Protocol):
    """Sits between a connection and its `protocol` and passes received data on at its next moment.

    The end of the message is passed on at once, with all held data, and ends the gathering; so is the end of a text
    block that the system reports at once. Of very many streams, none is read at all before its next moment.
    """

    def __init__(
        self, protocol: ResponseHandler, content: aiohttp.StreamReader, moments: ReadMoments
    ) -> None:
        self._moments = moments
        self._protocol = protocol
        self._content = content
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._active = False

    def start(self) -> None:
        """Hold received data back, until the next end of a text block or of the message."""
        transport = self._open_transport()
        if transport is not None and not self._active and not self._content.is_eof():
            self._active = True
            self._moments.streams += 1
            transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        """Hold data back, or pass it on."""
        self._held.append(data)
        self._held_bytes += len(data)
        if END in data:
            self._pass_on()
            self._stop()
        elif self._moments.is_crowded:
            self._pass_on()
            self._wait()
        elif self._held_bytes >= MOST_HELD_BYTES:
            self._pass_on()
        elif self._timer is None:
            self._timer = self._moments.at_next(self._pass_on)
            self._set_low_water(LOW_WATER_BYTES)

    def eof_received(self) -> bool | None:
        """Pass the end of the connection on, behind the held data."""
        self._pass_on()
        return cast("bool | None", self._protocol.eof_received())

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass the loss of the connection on, behind the held data."""
        self._pass_on()
        self._leave()
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass on that the buffer for sending is full."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that the buffer for sending has room again."""
        self._protocol.resume_writing()

    def _pass_on(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._set_low_water(1)
        data, self._held, self._held_bytes = b"".join(self._held), [], 0
        if not data or self._protocol.transport is None:
            return  # the bot has closed the connection
        self._protocol.data_received(data)
        if self._content.is_eof():
            self._stop()

    def _stop(self) -> None:
        if self._leave() and (transport := self._protocol.transport) is not None:
            transport.set_protocol(self._protocol)

    def _leave(self) -> bool:
        """Leave the streams that are read together; False if that was done before."""
        was_active, self._active = self._active, False
        self._moments.streams -= was_active
        return was_active

    def _wait(self) -> None:
        """Have the system report what arrives at the next moment, and wake the process for nothing before."""
        if self._active:
            self._set_low_water(CROWDED_LOW_WATER_BYTES)
            self._timer = self._moments.at_next(self._look)

    def _look(self) -> None:
        self._timer = None
        self._set_low_water(1)

    def _set_low_water(self, least_bytes: int) -> None:
        """Have the system report data only from so many bytes on; it always reports the end of the connection."""
        transport = self._open_transport()
        if transport is not None:
            with suppress(OSError):  # Windows has no such option
                connection = transport.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, least_bytes)

    def _open_transport(self) -> asyncio.Transport | None:
        transport = self._protocol.transport
        return None if transport is None or transport.is_closing() else transport


def gathering_of(response: httpx2.Response, moments: ReadMoments) -> Gathering | None:
    """Return the gathering for an open response of the SDK's aiohttp client, which is read at such `moments`.

    None if the connection of the response is not known, or if the body is compressed.
    """
    stream: object = response.stream
    while stream is not None and not isinstance(stream, aiohttp.ClientResponse):
        # The SDK's client wraps aiohttp's response and does not expose it.
        stream = getattr(stream, "_stream", None) or getattr(stream, "_aiohttp_response", None)
    if stream is None or stream.connection is None or stream.connection.protocol is None:
        return None
    if stream.headers.get("Content-Encoding", "identity") != "identity":
        return None  # the end could not be recognized
    return Gathering(stream.connection.protocol, stream.content, moments)
