"""Registration of the commands with Discord, only when their definition has changed.

Discord limits registrations (200 creates a day and server), and commands flicker when they are registered.
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
"""The fields of a command that a registration can send (Discord, "Bulk Overwrite Global Application Commands")."""

log = structlog.get_logger()


async def register(
    tree: app_commands.CommandTree[discord.Client], coordination: Coordination, application: int
) -> None:
    """Register the commands if they have changed; raises every error of Discord, another server or the store."""
    definition = [command.to_dict(tree) for command in tree.get_commands()]
    text = json.dumps(definition, sort_keys=True, default=str)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    registered = await _registered(tree, application)
    entry_points = [each for each in registered or () if each.get("type") == ENTRY_POINT]
    names = {str(each.get("name")) for each in registered or () if each not in entry_points}
    unchanged = await coordination.registered_commands(application) == fingerprint
    if unchanged and (registered is None or names == {command.name for command in tree.get_commands()}):
        return
    # Discord refuses a registration that leaves out an Entry Point command (error 50240), so it is sent back.
    kept = [{key: each[key] for key in SENT if each.get(key) is not None} for each in entry_points]
    await tree.client.http.bulk_upsert_global_commands(application, cast("Any", [*definition, *kept]))
    await coordination.note_registered_commands(application, fingerprint)
    log.info("commands_registered", commands=len(definition), entry_points=len(kept))


async def _registered(
    tree: app_commands.CommandTree[discord.Client], application: int
) -> list[dict[str, Any]] | None:
    """Return the registered commands; None where a server that is not Discord's cannot list them."""
    route = Route("GET", "/applications/{application_id}/commands", application_id=application)
    try:
        # Without the parameter the list has no translations, and sending it back would delete them.
        found = await tree.client.http.request(route, params={"with_localizations": "true"})
    except discord.NotFound:
        return None
    return [each for each in found if isinstance(each, dict)]
