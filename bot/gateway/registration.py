"""Slash commands are registered when their definition has changed, and only then.

Discord limits registrations (200 creates a day and server), and registering at each start makes commands flicker.
"""

from __future__ import annotations

import hashlib
import json

import discord
import structlog
from discord import app_commands

from bot.store.desk import Desk

log = structlog.get_logger()


async def register(tree: app_commands.CommandTree[discord.Client], desk: Desk, application: int) -> None:
    """Register the commands if need be; raises whatever Discord, another server or the store answers."""
    definition = [command.to_dict(tree) for command in tree.get_commands()]
    text = json.dumps(definition, sort_keys=True, default=str)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    standing = await _standing(tree)
    unchanged = await desk.registered_commands(application) == fingerprint
    if unchanged and standing in (None, {command.name for command in tree.get_commands()}):
        return
    await tree.sync()
    await desk.note_registered_commands(application, fingerprint)
    log.info("commands_registered", commands=len(definition))


async def _standing(tree: app_commands.CommandTree[discord.Client]) -> set[str] | None:
    try:
        return {command.name for command in await tree.fetch_commands()}
    except discord.NotFound:  # another server than Discord's may only take commands
        return None
