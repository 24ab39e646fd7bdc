"""The world that a local Discord starts with: a workshop to try the bot in."""

from __future__ import annotations

from pathlib import Path

from bot.local.simulator.discord import channels, guilds, intents, stickers
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.service import Discord

# The pictures of the stickers.
PICTURES = Path(__file__).resolve().parent.parent / "pictures"
# The permissions that the bot needs.
BOT_PERMISSIONS = (
    bits.VIEW_CHANNEL
    | bits.SEND_MESSAGES
    | bits.SEND_MESSAGES_IN_THREADS
    | bits.CREATE_PUBLIC_THREADS
    | bits.CREATE_PRIVATE_THREADS
    | bits.READ_MESSAGE_HISTORY
    | bits.EMBED_LINKS
    | bits.ATTACH_FILES
    | bits.ADD_REACTIONS
)


def seed(discord: Discord, token: str) -> None:
    """Fill an empty world; in a saved world, set the token and add what is new."""
    world = discord.world
    known = next(iter(world.applications.values()), None)
    if known is not None:
        known.token = token
        _add_stickers(discord)
        return
    bot = discord.add_application("Bobbin", token, intents.MESSAGE_CONTENT)
    guild = discord.add_guild("Bobbin's workshop", bot=bot, permissions=BOT_PERMISSIONS)
    for name in ("general", "code"):
        channels.create(world, guild, name)
    channels.create(world, guild, "ideas", channels.FORUM)
    admin = guilds.add_user(world, "ann", "Ann")
    guilds.join(world, guild, admin, bits.ADMINISTRATOR)
    for username in ("ben", "cleo"):
        guilds.join(world, guild, guilds.add_user(world, username, username.title()))
    _add_stickers(discord)
    discord.commit()


def _add_stickers(discord: Discord) -> None:
    """Give the first server its stickers, also in a world that was saved before it had any."""
    world = discord.world
    if not world.stickers:
        guild = next(iter(world.guilds.values()))
        for path in sorted(PICTURES.glob("*.png")):
            stickers.add(world, guild, path.stem, path.read_bytes())
