"""Where commands can be used; none is installed by a person, for the bot has to be in the place to answer there."""

from __future__ import annotations

from typing import TypeVar

from discord import app_commands

T = TypeVar("T")


def everywhere(command: T) -> T:
    """Let a command, a menu or a group be used in servers and in direct messages with the bot."""
    return _reaching(command, dms=True)


def in_servers(command: T) -> T:
    """Let a command be used in servers alone."""
    return _reaching(command, dms=False)


def _reaching(command: T, *, dms: bool) -> T:
    contexts = app_commands.allowed_contexts(guilds=True, dms=dms, private_channels=False)
    return app_commands.allowed_installs(guilds=True, users=False)(contexts(command))
