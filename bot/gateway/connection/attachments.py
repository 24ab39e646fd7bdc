"""The bytes of attachments, from Discord's hosts only, with a cap, and with a fresh URL where one has expired."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any

import aiohttp
import discord
import structlog
import yarl
from discord.http import Route

from bot.config.proxy import proxy_for
from bot.conversation.message import Attachment
from bot.files.result import Problem
from bot.retry import Schedule, retry

log = structlog.get_logger()

DISCORDS_HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
"""Where Discord keeps attachments (Discord, reference, "Image Formatting", "Signed Attachment CDN URLs")."""

STICKERS = "/stickers/"
DISCORDS_API = "discord.com"
TIMEOUT_S = 60.0
EXPIRED = (403, 404)
CHUNK_BYTES = 64 * 1024
_QUOTED = re.compile(r"[!-~]+")
"""An address without anything that has to be quoted."""


AGAIN = Schedule(0.5, factor=4, spread=0.5, tries=3)


class _Failed(Exception):
    """The host is overloaded or failed for now."""


class Attachments:
    """Downloads attachments of at most `bytes_max`."""

    def __init__(self, client: discord.Client, *, bytes_max: int) -> None:
        self._client = client
        self._bytes_max = bytes_max

    async def download(self, channel: int, message: int, attachment: Attachment) -> bytes | Problem:
        """Return the bytes of an attachment, TOO_LARGE or UNAVAILABLE; `channel` is that of the message."""
        if attachment.size_bytes > self._bytes_max:
            return Problem.TOO_LARGE
        try:
            async with asyncio.timeout(TIMEOUT_S), aiohttp.ClientSession() as session:
                for url in (attachment.url, None):
                    address = (
                        url if url is not None else await self._fresh_url(channel, message, attachment.id)
                    )
                    if not address:
                        continue
                    data = await retry(
                        partial(self._get, session, address), AGAIN, on=(_Failed, aiohttp.ClientError)
                    )
                    if data is not None:
                        return data
        except (
            _Failed,
            aiohttp.ClientError,
            OSError,
            TimeoutError,
            discord.HTTPException,
            ValueError,  # no URL
        ) as error:
            log.info("attachment_download_failed", channel=channel, kind=type(error).__name__)
        return Problem.UNAVAILABLE

    async def _get(self, session: aiohttp.ClientSession, address: str) -> bytes | Problem | None:
        """Return the bytes at an address, None if the address has expired."""
        # Discord signs the address, so it is sent as it came, without yarl's own way to quote a file name.
        url = _on_configured_server(yarl.URL(address, encoded=_QUOTED.fullmatch(address) is not None))
        if not _is_discords(url):
            return Problem.UNAVAILABLE
        async with session.get(url, proxy=proxy_for(str(url)), allow_redirects=False) as response:
            if response.status in EXPIRED:
                return None
            if response.status == 429 or response.status >= 500:
                raise _Failed
            if response.status != 200:
                return Problem.UNAVAILABLE
            received = bytearray()
            async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                received += chunk
                if len(received) > self._bytes_max:
                    return Problem.TOO_LARGE
            return bytes(received)

    async def _fresh_url(self, channel: int, message: int, attachment: int) -> str | None:
        found: Any = await self._client.http.get_message(channel, message)
        forwarded = (snapshot.get("message") or {} for snapshot in found.get("message_snapshots") or ())
        for holder in (found, *forwarded):
            for each in holder.get("attachments") or ():
                if str(each.get("id")) == str(attachment):
                    return str(each.get("url") or "") or None
        return None


def _on_configured_server(url: yarl.URL) -> yarl.URL:
    """Return the URL of a sticker, which discord.py makes for Discord's hosts, on the configured API server."""
    api = yarl.URL(Route.BASE)
    if api.host == DISCORDS_API or url.host not in DISCORDS_HOSTS or not url.path.startswith(STICKERS):
        return url
    return api.origin().with_path(url.path)


def _is_discords(url: yarl.URL) -> bool:
    """Whether a URL is one of Discord's; with another API server configured, one of that server's."""
    api = yarl.URL(Route.BASE)
    if api.host == DISCORDS_API:
        return url.scheme == "https" and url.host in DISCORDS_HOSTS
    return url.origin() == api.origin()
