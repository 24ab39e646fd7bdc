"""Bounds on the size and the duration of a response, so that no broken or hostile server can fill the memory.

The bounds are far above what any valid reply takes: a reply that is closed too early is paid for in vain.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

import httpx2

from bot.conversation.errors import ClaudeEndless

# At worst each token comes in an event of its own: about 150 bytes, with its text escaped.
BYTES_PER_TOKEN = 1024
# A token of text is about 4 characters; a token of one repeated character can have dozens.
CHARACTERS_PER_TOKEN = 64
# Slow servers write five tokens per second.
SECONDS_PER_TOKEN = 0.2
# For events that belong to no token: the first and last ones, and pings.
BASE_BYTES = 1024 * 1024
# An error has about a hundred bytes, the error page of a proxy about ten thousand.
ERROR_BYTES = 1024 * 1024
# The list of models has about a hundred kilobytes.
WHOLE_BYTES = 16 * 1024 * 1024


class Bounds:
    """The bounds of one reply of at most `max_tokens`, whose first text may take `first_s` seconds.

    Each method raises ClaudeEndless when a bound is exceeded.
    """

    def __init__(self, max_tokens: int, first_s: float) -> None:
        self._most_bytes = BASE_BYTES + max_tokens * BYTES_PER_TOKEN
        self._characters_left = (1000 + max_tokens) * CHARACTERS_PER_TOKEN
        self._longest_s = first_s + max_tokens * SECONDS_PER_TOKEN

    def count_text(self, text: str) -> None:
        """Count text of the reply."""
        self._characters_left -= len(text)
        if self._characters_left < 0:
            raise ClaudeEndless("more text than max_tokens allows")

    def check_duration(self, seconds: float) -> None:
        """Check how long the reply has taken so far."""
        if seconds > self._longest_s:
            raise ClaudeEndless("a stream longer than max_tokens allows")

    def bounded(self, response: httpx2.Response) -> httpx2.Response:
        """Return a response whose decoded body is bounded."""
        return _Bounded(response, self._most_bytes)


class _Bounded(httpx2.Response):
    """An open response whose decoded body raises ClaudeEndless after `most_bytes`."""

    def __init__(self, response: httpx2.Response, most_bytes: int) -> None:
        super().__init__(response.status_code)
        self._response = response
        self._most_bytes = most_bytes

    async def aiter_bytes(self, chunk_size: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the body in pieces of any size."""
        left = self._most_bytes
        async for piece in self._response.aiter_bytes(chunk_size):
            left -= len(piece)
            if left < 0:
                raise ClaudeEndless("a body larger than max_tokens allows")
            yield piece


async def bound_whole(response: httpx2.Response) -> None:
    """Bound the body of a response that is read as a whole; an event hook of the HTTP client."""
    if response.status_code < 400 and response.headers.get("content-type", "").startswith(
        "text/event-stream"
    ):
        return
    if isinstance(response.stream, httpx2.AsyncByteStream):
        most = ERROR_BYTES if response.status_code >= 400 else WHOLE_BYTES
        response.stream = _Capped(response.stream, most)


class _Capped(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, most_bytes: int) -> None:
        self._stream = stream
        self._most_bytes = most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._most_bytes
        async for piece in self._stream:
            left -= len(piece)
            if left < 0:
                raise ClaudeEndless("a response without an end")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
