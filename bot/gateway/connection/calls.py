"""One call to Discord: repeated after outages, and its failures translated to our errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import aiohttp
import discord
import structlog

from bot.conversation.clock import Clock
from bot.conversation.errors import (
    DiscordError,
    DiscordForbidden,
    DiscordGone,
    DiscordNotNow,
    DiscordRejected,
    DiscordTooOld,
    DiscordUnavailable,
)
from bot.gateway import error_codes, permissions
from bot.gateway.connection.timeouts import Timeouts
from bot.retry import Schedule, retry

log = structlog.get_logger()

T = TypeVar("T")

TRIES = Schedule(0.3, factor=2, tries=5)
"""discord.py repeats 500, 502, 504 and 524 but neither 503 nor a reset connection."""

CALL_S = 15.0
"""One try with all waits for its rate limit; discord.py has no limit of its own, and aiohttp's is 5 minutes."""

GLOBAL_WINDOW_S = 1.0
"""The window of Discord's global rate limit (topics/rate-limits)."""

FAILURES = (aiohttp.ClientError, OSError, TimeoutError, discord.DiscordException)


class Calls:
    """Makes calls, each of which must be repeatable."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._timeouts = Timeouts(client, clock)

    def check_timeout(self, channel: int, guild: int | None = None) -> None:
        """Raise DiscordNotNow if the bot is timed out in the server of the channel."""
        self._timeouts.check(channel, guild)

    async def write(
        self, kind: str, channel: int, needed: tuple[str, ...], call: Callable[[], Awaitable[T]]
    ) -> T:
        """Make a call that needs permissions and that a timeout of the bot refuses; `kind` is its name in the log.

        Raises DiscordGone, DiscordForbidden, DiscordRejected, DiscordTooOld, DiscordNotNow or DiscordUnavailable.
        """
        self._timeouts.check(channel)
        try:
            return await self.read(kind, channel, needed, call)
        except DiscordForbidden:
            self._timeouts.check(channel)  # the timeout may be younger than the check above
            raise

    async def read(
        self, kind: str, channel: int, needed: tuple[str, ...], call: Callable[[], Awaitable[T]]
    ) -> T:
        """Make a call that a timeout of the bot does not refuse; otherwise as `write`."""

        async def once() -> T:
            try:
                async with self.limited():
                    return await call()
            except discord.RateLimited as error:
                log.info(
                    "discord_call_rate_limited", call=kind, channel=channel, for_s=round(error.retry_after)
                )
                raise DiscordNotNow(error.retry_after) from error
            except discord.HTTPException as error:
                failure = self._translated(kind, channel, needed, error)
                failure.status, failure.code = error.status, error.code
                raise failure from error
            except FAILURES as error:
                raise DiscordUnavailable(f"{kind}: {type(error).__name__}") from error

        def log_retry(error: DiscordUnavailable, failures: int) -> None:
            log.info("discord_call_retried", channel=channel, attempt=failures, failure=str(error))

        return await retry(once, TRIES, on=DiscordUnavailable, on_retry=log_retry)

    def _translated(
        self, kind: str, channel: int, needed: tuple[str, ...], error: discord.HTTPException
    ) -> DiscordError:
        if isinstance(error, discord.NotFound):
            return DiscordGone(f"code {error.code}")
        if isinstance(error, discord.Forbidden) or error.code in permissions.BY_CODE:
            return DiscordForbidden(permissions.missing(self._client, channel, needed, code=error.code))
        if error.code == error_codes.EDIT_RATE_LIMIT:
            return DiscordTooOld()
        if error.status < 500 and error.status != 429:
            return DiscordRejected(error.code)
        return DiscordUnavailable(f"{kind}: status {error.status}")

    @asynccontextmanager
    async def limited(self) -> AsyncIterator[None]:
        """Limit a try to CALL_S.

        discord.py 2.7.1 blocks every call while one call waits out a global limit, until that call sets an event. A
        call that is cancelled while it waits never sets the event, so this sets it.
        """
        try:
            async with asyncio.timeout(CALL_S):
                yield
        except (asyncio.CancelledError, TimeoutError):
            over = self._client.http._global_over
            if isinstance(over, asyncio.Event) and not over.is_set():
                asyncio.get_running_loop().call_later(GLOBAL_WINDOW_S, over.set)
            raise
