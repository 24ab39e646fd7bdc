"""Where commands can be used. There is no user install, because the bot has to be a member to answer."""

from __future__ import annotations

from typing import TypeVar

from discord import app_commands

T = TypeVar("T")


def in_servers_and_dms(command: T) -> T:
    """Allow a command, a menu or a group in servers and in direct messages with the bot."""
    return _allow(command, dms=True)


def in_servers_only(command: T) -> T:
    """Allow a command, a menu or a group in servers only."""
    return _allow(command, dms=False)


def _allow(command: T, *, dms: bool) -> T:
    contexts = app_commands.allowed_contexts(guilds=True, dms=dms, private_channels=False)
    return app_commands.allowed_installs(guilds=True, users=False)(contexts(command))
