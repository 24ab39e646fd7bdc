"""Stickers of servers (resources/sticker): adding and sending them."""

from __future__ import annotations

from bot.local.simulator.discord.errors import api_error
from bot.local.simulator.discord.model import Channel, Guild, Json, Sticker
from bot.local.simulator.discord.world import World

PNG, APNG, LOTTIE, GIF = 1, 2, 3, 4
ENDINGS = {PNG: "png", APNG: "png", LOTTIE: "json", GIF: "gif"}
CONTENT_TYPES = {PNG: "image/png", APNG: "image/png", LOTTIE: "application/json", GIF: "image/gif"}


def add(world: World, guild: Guild, name: str, content: bytes, format_type: int = PNG) -> Sticker:
    """A new sticker of a server."""
    made = Sticker(
        id=world.snowflakes.next(), guild_id=guild.id, name=name, format_type=format_type, content=content
    )
    world.stickers[made.id] = made
    return made


def items(world: World, channel: Channel, ids: tuple[int, ...]) -> list[Json]:
    """The stickers of a message as it names them; a sticker can be sent in its own server only."""
    found = [world.stickers.get(each) for each in ids]
    if any(each is None or each.guild_id != channel.guild_id for each in found):
        raise api_error(50081)
    return [item(each) for each in found if each is not None]


def item(value: Sticker) -> Json:
    """A sticker as a message names it (resources/sticker, "Sticker Item Object")."""
    return {"id": str(value.id), "name": value.name, "format_type": value.format_type}


def wire(value: Sticker) -> Json:
    """A sticker as its server lists it."""
    return {
        **item(value),
        "tags": "wave",
        "type": 2,
        "description": None,
        "available": True,
        "guild_id": str(value.guild_id),
    }
