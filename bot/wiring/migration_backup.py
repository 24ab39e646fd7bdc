"""The backup before a migration changes what is stored."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from bot.backup.backup_file import SUFFIX, remove_unfinished
from bot.config import Exit, Settings
from bot.conversation.errors import StartError
from bot.store.connection import connect
from bot.store.content import AsStored
from bot.store.keys import Keys
from bot.store.schema import stored_version

log = structlog.get_logger()

LONG_S = 60.0
"""How long a command may take: a conversation is read as a whole."""

DIRECTORY = "backups"
"""The directory of the backups in `redis.data_dir`."""

MB = 1_000_000


async def back_up_before_migration(settings: Settings, server: Mapping[str, Any]) -> None:
    """Write a verified backup into the data directory; StartError, which names the settings, if that fails.

    `server` is what `connect` is told of the server. The content in the file is encrypted if it is in Redis.
    """
    if not settings.redis.migration_backup:
        log.warning("migration_backup_left_out", hint="redis.migration_backup is false")
        return
    from bot.backup.backup import back_up  # only the rare start that migrates needs it

    async with connect(**{**server, "timeout_s": LONG_S}, cipher=AsStored()) as redis:
        keys = Keys(settings.redis.prefix)
        version = await stored_version(redis, keys)
        path = _path(settings.redis.data_dir, version)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            remove_unfinished(path.parent)  # the lease of the migration is held: nobody else writes there
            done = await back_up(redis, keys, path, schema=version)
        except (OSError, StartError) as error:
            reason = error.line if isinstance(error, StartError) else f"{path.parent}: {error.strerror}"
            raise StartError(
                f"what is stored has to be migrated, and the backup before that failed ({reason}): set "
                "redis.data_dir (BOT_REDIS__DATA_DIR) to a directory that can be written, or, after a backup of your "
                "own, redis.migration_backup to false",
                exit_code=Exit.BACKUP,
            ) from error
    log.info(
        "migration_backed_up", path=str(path), keys=sum(done.counts.values()), mb=round(done.bytes / MB, 1)
    )


def _path(directory: Path, version: int) -> Path:
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return directory / DIRECTORY / f"schema-{version}-{moment}{SUFFIX}"
