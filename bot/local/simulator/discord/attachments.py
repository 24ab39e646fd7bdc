"""Files in messages: their signed, expiring addresses, and what kind of file they are."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import quote

from bot.local.simulator.discord.model import Attachment, Json
from bot.local.simulator.discord.world import World
from bot.local.simulator.picture_size import size_px

# An address is good for a day (reference, "Signed Attachment CDN URLs").
LIFETIME_S = 24 * 3600
# The default limit of each file (reference, "Uploading Files").
FILE_BYTES = 10 * 1024 * 1024
# The limit of a request with files.
REQUEST_BYTES = 25 * 1024 * 1024


def signature(secret: str, path: str, expires: int) -> str:
    """The signature of an address, over its path and expiry."""
    return hmac.new(secret.encode(), f"{path}?{expires:x}".encode(), hashlib.sha256).hexdigest()


def url(world: World, value: Attachment) -> str:
    """The address of a file from now on, for a day."""
    path = f"/attachments/{value.channel_id}/{value.id}/{quote(value.filename)}"
    expires = int(world.clock()) + LIFETIME_S
    proof = signature(world.cdn_secret, path, expires)
    return f"{world.base_url}/cdn{path}?ex={expires:x}&is={expires - LIFETIME_S:x}&hm={proof}&"


def wire(world: World, value: Attachment) -> Json:
    payload: Json = {
        "id": str(value.id),
        "filename": value.filename,
        "size": value.size,
        "url": url(world, value),
        "proxy_url": url(world, value),
        "flags": 0,
    }
    if value.content_type is not None:
        payload["content_type"] = value.content_type
    if value.description is not None:
        payload["description"] = value.description
    if value.duration_secs is not None:
        payload["duration_secs"] = value.duration_secs
        payload["waveform"] = value.waveform
    if (size := size_px(value.content)) is not None:
        payload["width"], payload["height"] = size
    return payload
