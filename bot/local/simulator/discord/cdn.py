"""Files over HTTP: attachments only with a signed address that has not expired.

Stickers have addresses without a signature that do not expire; here all of them are on this server.
Sources: reference, "Signed Attachment CDN URLs", "Image Formatting".
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from aiohttp import web

from bot.local.simulator.discord import attachments, stickers
from bot.local.simulator.discord.model import Attachment
from bot.local.simulator.discord.world import World


def add_to(app: web.Application, world: World) -> None:
    """Serve the attachments and the stickers of a world."""

    async def attachment(request: web.Request) -> web.Response:
        path = request.rel_url.raw_path.removeprefix("/cdn")
        if not _signed(world, path, request.query):
            return web.Response(status=404, text="This content is no longer available.")
        found = _find(world, int(request.match_info["id"]))
        if found is None:
            return web.Response(status=404, text="")
        headers = {
            "Content-Disposition": "attachment",
            "Content-Type": found.content_type or "application/octet-stream",
            # A posted file must not be rendered as a page of this server.
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return web.Response(body=found.content, headers=headers)

    async def sticker(request: web.Request) -> web.Response:
        found = world.stickers.get(int(request.match_info["id"]))
        if found is None or stickers.ENDINGS[found.format_type] != request.match_info["ending"]:
            return web.Response(status=404, text="")
        content_type = stickers.CONTENT_TYPES[found.format_type]
        return web.Response(body=found.content, content_type=content_type)

    app.router.add_get(r"/stickers/{id:\d+}.{ending}", sticker)
    app.router.add_get(r"/cdn/attachments/{channel:\d+}/{id:\d+}/{filename}", attachment)


def _signed(world: World, path: str, query: Mapping[str, str]) -> bool:
    try:
        expires = int(query.get("ex", ""), 16)
    except ValueError:
        return False
    proof = attachments.signature(world.cdn_secret, path, expires)
    return hmac.compare_digest(proof, query.get("hm", "")) and world.clock() < expires


def _find(world: World, attachment_id: int) -> Attachment | None:
    if attachment_id in world.loose_files:
        return world.loose_files[attachment_id]
    for message in world.messages.values():
        copied = message.forwarded.attachments if message.forwarded else []
        for each in (*message.attachments, *copied):
            if each.id == attachment_id:
                return each
    return None
