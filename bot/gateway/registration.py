"""Slash commands are registered when their definition has changed, and only then.

Discord limits registrations (200 creates a day and server), and registering at each start makes commands flicker.
"""

from __future__ import annotations

import hashlib
import json

import discord
import structlog
from discord import app_commands

from bot.conversation.errors import StoreUnavailable
from bot.store.desk import Desk

log = structlog.get_logger()


async def register(tree: app_commands.CommandTree[discord.Client], desk: Desk, application: int) -> bool:
    """Register the commands if need be; True if it was. A failure leaves the bot working without them."""
    definition = [command.to_dict(tree) for command in tree.get_commands()]
    text = json.dumps(definition, sort_keys=True, default=str)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    try:
        standing = await _standing(tree)
        unchanged = await desk.registered_commands(application) == fingerprint
        if unchanged and standing in (None, {command.name for command in tree.get_commands()}):
            return False
        await tree.sync()
        await desk.note_registered_commands(application, fingerprint)
    except (discord.DiscordException, StoreUnavailable) as error:
        log.warning(
            "commands_not_registered",
            kind=type(error).__name__,
            hint="slash commands may be missing or old; it is tried again at the next start",
        )
        return False
    log.info("commands_registered", commands=len(definition))
    return True


async def _standing(tree: app_commands.CommandTree[discord.Client]) -> set[str] | None:
    try:
        return {command.name for command in await tree.fetch_commands()}
    except discord.NotFound:  # another server than Discord's may only take commands
        return None
