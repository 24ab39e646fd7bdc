"""discord.py, made to forgive what another server than Discord's may leave out or do differently.

discord.py 2.7 trusts the gateway: an event without one of the keys it reads ends the connection for good, and so does
a READY without `resume_gateway_url`. It takes what is compressed for one stream, where some compress each event by
itself. It reads JSON only where the content type is exactly `application/json`, which most web frameworks follow by a
charset. It has no hooks for these: `Http`, `Socket`, `Inflater` and `json_or_text` take the place of its own.
"""

from __future__ import annotations

import json
import zlib
from typing import Any, cast

import aiohttp
import discord
import discord.client
import discord.http
import discord.webhook.async_
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Ratelimit, Route

from bot.conversation.surrogates import whole_json
from bot.gateway.bucket import Bucket

log = structlog.get_logger()

DISCORDS_OWN = "gateway.discord.gg"
SYNC_FLUSH = b"\x00\x00\xff\xff"
"""How each message of one zlib stream ends (zlib, Z_SYNC_FLUSH; Discord, "Transport Compression")."""

USER = {"username": "Bobbin", "discriminator": "0", "avatar": None}
APPLICATION: dict[str, Any] = {
    "name": "Bobbin",
    "icon": None,
    "description": "",
    "bot_public": True,
    "bot_require_code_grant": False,
    "verify_key": "",
}
"""What discord.py reads of a user and of an application, for servers that leave it out."""

EVENT_NAME_CHARACTERS = 40
"""Longer than any of Discord's; so much of an unreadable event's name is logged."""


class Http(HTTPClient):
    """Completes what is told of the bot at login, and has calls return when they are answered."""

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


class Socket(DiscordWebSocket):
    """Survives an event that discord.py cannot read: it is left out, and the connection goes on."""

    async def received_message(self, msg: Any, /) -> None:
        """Work on one message of the gateway."""
        if isinstance(msg, bytes):
            text = self._decompressor.decompress(msg)
            if text is None:
                return
            msg = text
        # orjson refuses an event that holds half of a surrogate pair.
        msg = whole_json(msg)
        ready = '"READY"' in msg
        if ready:
            msg = _with_complete_ready(msg, self.DEFAULT_GATEWAY)
        elif '"available_tags":null' in msg.replace(": ", ":"):
            # How a forum arrives that the bot may not see, since 16 November 2026 (Discord, channel obfuscation).
            msg = _with_tags(msg)
        try:
            await super().received_message(msg)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            if ready:
                raise
            log.warning("discord_event_unreadable", name=_name(msg), kind=type(error).__name__)


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
        return discord.utils._from_json(text)
    return text


def install(gateway: yarl.URL) -> None:
    """Put it all in place of discord.py's own, before a client is made."""
    for module, name, ours in (
        (discord.client, "HTTPClient", Http),
        (discord.client, "DiscordWebSocket", Socket),
        (discord.http, "json_or_text", json_or_text),
        (discord.webhook.async_, "json_or_text", json_or_text),
    ):
        setattr(module, name, ours)
    Socket.DEFAULT_GATEWAY = gateway
    if gateway.host != DISCORDS_OWN:  # which knows zstd; others hardly do, and some compress unasked
        discord.utils._ActiveDecompressionContext = cast("Any", Inflater)


def complete_user(told: object, otherwise: dict[str, Any] | None = None) -> dict[str, Any]:
    """A user with every key that discord.py reads."""
    return {**USER, **(told if isinstance(told, dict) and "id" in told else otherwise or {})}


def _with_complete_ready(message: str, gateway: yarl.URL) -> str:
    payload = json.loads(message)
    data = payload.get("d")
    if payload.get("t") != "READY" or not isinstance(data, dict):
        return message
    told = data.get("resume_gateway_url")
    if not told or gateway.host != DISCORDS_OWN:
        # Another server mostly does not know how it is reached from here, or repeats Discord's own address,
        # where the token has no business.
        data["resume_gateway_url"] = str(gateway)
    data["session_id"] = str(data.get("session_id") or "")
    data["guilds"] = [guild for guild in data.get("guilds") or () if "id" in guild]
    data["user"] = complete_user(data.get("user"))
    payload.setdefault("s", None)
    return json.dumps(payload)


def _with_tags(text: str) -> str:
    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: [] if key == "available_tags" and each is None else fill(each)
                for key, each in value.items()
            }
        return [fill(each) for each in value] if isinstance(value, list) else value

    return json.dumps(fill(json.loads(text)))


def _name(message: str) -> str:
    try:
        return str(json.loads(message).get("t"))[:EVENT_NAME_CHARACTERS]
    except (ValueError, AttributeError):
        return "not JSON"
