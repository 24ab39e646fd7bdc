"""Compatibility of discord.py with servers of Discord's protocol other than Discord's own.

discord.py 2.7 expects one compressed stream, where some servers compress each event by itself. It parses JSON only
under the exact content type `application/json`, to which most web frameworks add a charset. It accepts an absent list
and fails at null. It has no hooks for these, so `install` replaces its classes and functions.
"""

from __future__ import annotations

import zlib
from typing import Any, cast

import aiohttp
import discord
import discord.client
import discord.http
import discord.webhook.async_
import structlog
import yarl
from discord.http import HTTPClient, Ratelimit, Route

from bot.conversation.surrogates import whole_json
from bot.gateway.connection.bans import Bans
from bot.gateway.connection.bucket import Bucket
from bot.gateway.connection.completion import complete_user, fill_null_lists
from bot.gateway.connection.websocket import DISCORD_GATEWAY_HOST, NoBackoff, Socket
from bot.gateway.conversion import reading

log = structlog.get_logger()

SYNC_FLUSH = b"\x00\x00\xff\xff"
"""The end of each message in a zlib stream (zlib, Z_SYNC_FLUSH; Discord, "Transport Compression")."""

APPLICATION: dict[str, Any] = {
    "name": "Bobbin",
    "icon": None,
    "description": "",
    "bot_public": True,
    "bot_require_code_grant": False,
    "verify_key": "",
}
"""The keys of an application that discord.py reads."""


class Http(HTTPClient):
    """Fills in what the login needs, returns without waiting for a bucket, and refuses calls that are banned.

    `enforces_bans` is set after the login, which waits for rate limits by itself.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.bans = Bans()
        self.enforces_bans = False

    async def request(self, route: Route, **options: Any) -> Any:
        """Make a call; raises RateLimited instead while the route is banned."""
        if self.enforces_bans and (left_s := self.bans.left_s(route.method, _path(route))):
            raise discord.RateLimited(left_s)
        try:
            return await super().request(route, **options)
        except RuntimeError as error:
            # aiohttp's error for a call that waited for a rate limit while the bot was stopped.
            if not cast("Any", self)._HTTPClient__session.closed:
                raise
            raise aiohttp.ClientConnectionError("the session is closed") from error

    def get_ratelimit(self, key: str) -> Ratelimit:
        """Return the bucket of a route."""
        if key not in self._buckets:
            self._buckets[key] = Bucket(self.max_ratelimit_timeout)
            self._try_clear_expired_ratelimits()
        return self._buckets[key]

    async def static_login(self, token: str) -> Any:
        """Log in, and fill in the user."""
        self._me = complete_user(await super().static_login(token))
        return self._me

    async def application_info(self) -> Any:
        """Return the application, from whichever route the server has; the default id is the bot's."""
        found: Any = {}
        for path in ("/oauth2/applications/@me", "/applications/@me"):
            try:
                found = await self.request(Route("GET", path))
                break
            except discord.NotFound:
                log.info("discord_route_missing", path=path)
        application = found if isinstance(found, dict) else {}
        return {
            "id": self._me["id"],
            **APPLICATION,
            **application,
            "owner": complete_user(application.get("owner"), self._me),
        }


class Inflater:
    """Decompresses zlib, whether all messages are one stream or each is compressed by itself."""

    COMPRESSION_TYPE = "zlib-stream"

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()
        self._buffer = b""

    def decompress(self, data: bytes, /) -> str | None:
        """Return the text, or None until a message is complete."""
        self._buffer += data
        if self._buffer.endswith(SYNC_FLUSH):
            data, self._buffer = self._buffer, b""
            return self._stream.decompress(data).decode(errors="replace")
        single = zlib.decompressobj()
        try:
            text = single.decompress(self._buffer)
        except zlib.error:
            return None
        if not single.eof:
            return None
        self._buffer = b""
        return text.decode(errors="replace")


async def json_or_text(response: aiohttp.ClientResponse) -> Any:
    """Return the body, parsed as JSON whatever parameters the content type has."""
    text = whole_json(await response.text(encoding="utf-8", errors="replace"))
    if response.content_type == "application/json" and text:
        return discord.utils._from_json(fill_null_lists(text))
    return text


def install(gateway: yarl.URL) -> None:
    """Replace discord.py's classes and functions; to be called before a client is made."""
    reading.check()
    for module, name, replacement in (
        (discord.client, "HTTPClient", Http),
        (discord.client, "DiscordWebSocket", Socket),
        (discord.client, "ExponentialBackoff", NoBackoff),
        (discord.http, "json_or_text", json_or_text),
        (discord.webhook.async_, "json_or_text", json_or_text),
    ):
        setattr(module, name, replacement)
    Socket.DEFAULT_GATEWAY = gateway
    if (
        gateway.host != DISCORD_GATEWAY_HOST
    ):  # others hardly know zstd, and some compress without being asked to
        discord.utils._ActiveDecompressionContext = cast("Any", Inflater)


def _path(route: Route) -> str:
    return route.url.removeprefix(Route.BASE).partition("?")[0]
