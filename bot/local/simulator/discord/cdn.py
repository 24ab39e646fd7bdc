"""Files over HTTP, only with a signed address that has not expired.

Source: reference, "Signed Attachment CDN URLs".
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from aiohttp import web

from bot.local.simulator.discord import attachments
from bot.local.simulator.discord.model import Attachment
from bot.local.simulator.discord.world import World


def add_to(app: web.Application, world: World) -> None:
    """Serve the attachments of a world."""

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
        for each in message.attachments:
            if each.id == attachment_id:
                return each
    return None
