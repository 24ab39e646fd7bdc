"""The facts about this machine: proxies, the modes of files with secrets, the data directory."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from bot.config import Settings
from bot.config.proxy import variable_for
from bot.findings.facts import DataDirectoryFacts, FileFacts, HostFacts

OTHERS_MODE = 0o077
"""The permission bits of the group and of all other users."""

SECRET_FILES = (".env", "config.toml")


def host_facts(
    settings: Settings, directory: Path, config: Path | None = None, *, migrates: bool = False
) -> HostFacts:
    """Return the facts; reads only. `directory` is where the bot is started.

    `migrates`: the next start migrates the stored data, and writes a backup before.
    """
    paths = {directory / name for name in SECRET_FILES} | ({directory / config} if config else set())
    return HostFacts(
        proxies=_proxies(settings),
        files=tuple(_file(path) for path in sorted(paths) if path.is_file()),
        data_directory=_data_directory(settings) if settings.redis.url is None else None,
        backup_directory=_data_directory(settings) if migrates and settings.redis.migration_backup else None,
    )


def _proxies(settings: Settings) -> dict[str, str]:
    addresses = {
        "Discord": settings.discord.api_url,
        "Discord's gateway": settings.discord.gateway_url,
        "Claude": settings.claude.base_url or "https://api.anthropic.com",
        "recordings": settings.voice.url or "",
    }
    found = ((service, variable_for(address)) for service, address in addresses.items() if address)
    return {service: variable for service, variable in found if variable}


def _file(path: Path) -> FileFacts:
    return FileFacts(str(path), is_open=os.name == "posix" and bool(path.stat().st_mode & OTHERS_MODE))


def make_private(path: Path) -> None:
    """Remove the permissions of the group and of all other users from a file."""
    path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OTHERS_MODE)


def _data_directory(settings: Settings) -> DataDirectoryFacts:
    path = settings.redis.data_dir.expanduser().absolute()
    existing = next((each for each in (path, *path.parents) if each.exists()), Path("/"))
    if not existing.is_dir():
        return DataDirectoryFacts(str(path), problem=f"{existing} is a file")
    if not os.access(existing, os.W_OK | os.X_OK):
        return DataDirectoryFacts(str(path), problem=f"{existing} is not writable")
    return DataDirectoryFacts(
        str(path),
        is_open=path.exists() and os.name == "posix" and bool(path.stat().st_mode & OTHERS_MODE),
        free_bytes=shutil.disk_usage(existing).free,
    )
