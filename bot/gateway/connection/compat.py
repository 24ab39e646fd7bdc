"""discord.py, made to forgive what another server than Discord's may leave out or do differently.

discord.py 2.7 takes what is compressed for one stream, where some compress each event by itself. It reads JSON only
where the content type is exactly `application/json`, which most web frameworks follow by a charset. A list may be
absent, and not null. It has no hooks for these: `Http`, `Inflater` and `json_or_text` take the place of its own, as
what stands in bot/gateway/websocket.py does.
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
from bot.gateway.connection.completion import complete_user, with_lists
from bot.gateway.connection.websocket import DISCORDS_OWN, NoBackoff, Socket
from bot.gateway.conversion import reading

log = structlog.get_logger()

SYNC_FLUSH = b"\x00\x00\xff\xff"
"""How each message of one zlib stream ends (zlib, Z_SYNC_FLUSH; Discord, "Transport Compression")."""

APPLICATION: dict[str, Any] = {
    "name": "Bobbin",
    "icon": None,
    "description": "",
    "bot_public": True,
    "bot_require_code_grant": False,
    "verify_key": "",
}
"""What discord.py reads of an application, for servers that leave it out."""


class Http(HTTPClient):
    """Completes what is told of the bot at login, has calls return when they are answered, and makes none too early.

    `bans` counts once it is `heeded`; who logs in waits in another way.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.bans = Bans()
        self.heeded = False

    async def request(self, route: Route, **options: Any) -> Any:
        """Make a call; RateLimited, without one, as long as Discord wants none."""
        if self.heeded and (left_s := self.bans.left_s(route.method, _path(route))):
            raise discord.RateLimited(left_s)
        return await super().request(route, **options)

    def get_ratelimit(self, key: str) -> Ratelimit:
        """The bucket of a route."""
        if key not in self._buckets:
            self._buckets[key] = Bucket(self.max_ratelimit_timeout)
            self._try_clear_expired_ratelimits()
        return self._buckets[key]

    async def static_login(self, token: str) -> Any:
        """Log in; the user with every key that discord.py reads."""
        self._me = complete_user(await super().static_login(token))
        return self._me

    async def application_info(self) -> Any:
        """The application, from the route that the server has; a bot's id is mostly its application's."""
        found: Any = {}
        for path in ("/oauth2/applications/@me", "/applications/@me"):
            try:
                found = await self.request(Route("GET", path))
                break
            except discord.NotFound:
                log.info("discord_route_missing", path=path)
        told = found if isinstance(found, dict) else {}
        return {
            "id": self._me["id"],
            **APPLICATION,
            **told,
            "owner": complete_user(told.get("owner"), self._me),
        }


class Inflater:
    """Takes zlib as it comes: one stream over all messages, or each message whole by itself."""

    COMPRESSION_TYPE = "zlib-stream"

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()
        self._waiting = b""

    def decompress(self, data: bytes, /) -> str | None:
        """The text, or None as long as a message is not whole."""
        self._waiting += data
        if self._waiting.endswith(SYNC_FLUSH):
            whole, self._waiting = self._waiting, b""
            return self._stream.decompress(whole).decode(errors="replace")
        alone = zlib.decompressobj()
        try:
            text = alone.decompress(self._waiting)
        except zlib.error:
            return None
        if not alone.eof:
            return None
        self._waiting = b""
        return text.decode(errors="replace")


async def json_or_text(response: aiohttp.ClientResponse) -> Any:
    """The body, read as JSON whatever stands behind the content type."""
    text = whole_json(await response.text(encoding="utf-8", errors="replace"))
    if response.content_type == "application/json" and text:
        return discord.utils._from_json(with_lists(text))
    return text


def install(gateway: yarl.URL) -> None:
    """Put it all in place of discord.py's own, before a client is made."""
    reading.check()
    for module, name, ours in (
        (discord.client, "HTTPClient", Http),
        (discord.client, "DiscordWebSocket", Socket),
        (discord.client, "ExponentialBackoff", NoBackoff),
        (discord.http, "json_or_text", json_or_text),
        (discord.webhook.async_, "json_or_text", json_or_text),
    ):
        setattr(module, name, ours)
    Socket.DEFAULT_GATEWAY = gateway
    if gateway.host != DISCORDS_OWN:  # which knows zstd; others hardly do, and some compress unasked
        discord.utils._ActiveDecompressionContext = cast("Any", Inflater)


def _path(route: Route) -> str:
    return route.url.removeprefix(Route.BASE).partition("?")[0]
