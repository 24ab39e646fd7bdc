"""Registers the commands with Discord, only when they differ.

Discord limits registrations (200 creates a day and server), and commands vanish for a moment when they are
registered. Discord also limits how often the registered commands are read (5 times in 20 s): one instance reads them
for all instances that start within a minute.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass
from typing import Any, cast

import discord
import structlog
from discord import app_commands
from discord.http import Route

from bot.store.coordination import Coordination

ENTRY_POINT = 4
"""The type of the command that launches an app's activity (Discord, "Entry Point Commands")."""

SENDABLE_FIELDS = (
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
"""The fields of a command that a registration may contain (Discord, "Bulk Overwrite Global Application Commands")."""

POLL_S = 1.0
"""How often an instance looks whether another one, which may be of another version, has finished its registration."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RegistrationState:
    """The commands of this version and those at Discord.

    `registered` is None if the server cannot list them, which only a server other than Discord's cannot. `is_noted`:
    the store says that this very definition was registered.
    """

    definition: list[dict[str, Any]]
    fingerprint: str
    registered: list[dict[str, Any]] | None
    is_noted: bool

    @property
    def entry_points(self) -> list[dict[str, Any]]:
        """The registered commands that launch an activity, which the bot does not define."""
        return [each for each in self.registered or () if each.get("type") == ENTRY_POINT]

    @property
    def lacking(self) -> tuple[str, ...]:
        """The names of the commands that are not registered."""
        if self.registered is None:
            return ()
        return tuple(name for name in self._own_names if name not in self._registered_names)

    @property
    def foreign(self) -> tuple[str, ...]:
        """The names of the registered commands that this version does not have."""
        return tuple(name for name in self._registered_names if name not in self._own_names)

    @property
    def is_current(self) -> bool:
        """Whether no registration is needed."""
        return self.is_noted and not self.lacking and not self.foreign

    @property
    def _own_names(self) -> list[str]:
        return [str(each["name"]) for each in self.definition]

    @property
    def _registered_names(self) -> list[str]:
        return [str(each.get("name")) for each in self.registered or () if each not in self.entry_points]


async def state_of(
    tree: app_commands.CommandTree[discord.Client], coordination: Coordination, application: int
) -> RegistrationState:
    """Compare the commands with those at Discord; raises every error of Discord, another server or the store."""
    definition, fingerprint = _definition(tree)
    registered = await _registered(tree, application)
    noted = await coordination.registered_commands(application)
    return RegistrationState(definition, fingerprint, registered, noted == fingerprint)


async def register(
    tree: app_commands.CommandTree[discord.Client],
    coordination: Coordination,
    application: int,
    *,
    at_once: bool = False,
) -> None:
    """Register the commands if they differ; raises every error of Discord, another server or the store.

    Unless `at_once` is set, nothing is done if another instance has compared the same commands within the last
    minute.
    """
    _, fingerprint = _definition(tree)
    while not (at_once or await coordination.take_registration(application)):
        if await coordination.registered_commands(application) == fingerprint:
            return
        await asyncio.sleep(POLL_S)
    state = await state_of(tree, coordination, application)
    if state.is_current:
        return
    # Discord refuses a registration without the registered Entry Point commands (error 50240).
    entry_points = state.entry_points
    kept = [{key: each[key] for key in SENDABLE_FIELDS if each.get(key) is not None} for each in entry_points]
    await tree.client.http.bulk_upsert_global_commands(application, cast("Any", [*state.definition, *kept]))
    await coordination.note_registered_commands(application, state.fingerprint)
    log.info("commands_registered", commands=len(state.definition), entry_points=len(kept))


def _definition(tree: app_commands.CommandTree[discord.Client]) -> tuple[list[dict[str, Any]], str]:
    """Return the commands of this version, and the fingerprint of their definition."""
    definition = [command.to_dict(tree) for command in tree.get_commands()]
    text = json.dumps(definition, sort_keys=True, default=str)
    return definition, hashlib.sha256(text.encode()).hexdigest()


async def _registered(
    tree: app_commands.CommandTree[discord.Client], application: int
) -> list[dict[str, Any]] | None:
    """Return the registered commands; None if the server cannot list them."""
    route = Route("GET", "/applications/{application_id}/commands", application_id=application)
    try:
        # Without the parameter the list lacks the localizations, and sending Entry Points back would delete theirs.
        found = await tree.client.http.request(route, params={"with_localizations": "true"})
    except discord.NotFound:
        return None
    return [each for each in found if isinstance(each, dict)]
