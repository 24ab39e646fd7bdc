"""Slash commands are registered when their definition has changed, and only then.

Discord limits registrations (200 creates a day and server), and registering at each start makes commands flicker.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, cast

import discord
import structlog
from discord import app_commands
from discord.http import Route

from bot.store.coordination import Coordination

ENTRY_POINT = 4
"""The type of the command that launches an app's activity (Discord, "Entry Point Commands")."""

SENT = (
    "id",
    "type",
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "default_member_permissions",
    "contexts",
    "integration_types",
    "nsfw",
    "handler",
)
"""What a command that stands may be sent along with (Discord, "Bulk Overwrite Global Application Commands")."""

log = structlog.get_logger()


async def register(
    tree: app_commands.CommandTree[discord.Client], desk: Coordination, application: int
) -> None:
    """Register the commands if need be; raises whatever Discord, another server or the store answers."""
    definition = [command.to_dict(tree) for command in tree.get_commands()]
    text = json.dumps(definition, sort_keys=True, default=str)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    standing = await _standing(tree, application)
    entry_points = [each for each in standing or () if each.get("type") == ENTRY_POINT]
    names = {str(each.get("name")) for each in standing or () if each not in entry_points}
    unchanged = await desk.registered_commands(application) == fingerprint
    if unchanged and (standing is None or names == {command.name for command in tree.get_commands()}):
        return
    # Discord refuses to have an Entry Point command go by the way (error 50240), so it is sent as it stands.
    kept = [{key: each[key] for key in SENT if each.get(key) is not None} for each in entry_points]
    await tree.client.http.bulk_upsert_global_commands(application, cast("Any", [*definition, *kept]))
    await desk.note_registered_commands(application, fingerprint)
    log.info("commands_registered", commands=len(definition), kept=len(kept))


async def _standing(
    tree: app_commands.CommandTree[discord.Client], application: int
) -> list[dict[str, Any]] | None:
    """The commands that are registered, None where another server than Discord's may only take commands."""
    route = Route("GET", "/applications/{application_id}/commands", application_id=application)
    try:
        # The list leaves translations out unless it is asked for them, and they are to stay.
        found = await tree.client.http.request(route, params={"with_localizations": "true"})
    except discord.NotFound:
        return None
    return [each for each in found if isinstance(each, dict)]
