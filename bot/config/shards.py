"""The shards of this process, from the settings and, for groups, from the number that the host gives each process."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from bot.config.exits import Exit
from bot.config.settings import DiscordSettings
from bot.conversation.errors import StartError
from bot.conversation.shards import Shards

ORDINALS = {
    "HOSTNAME": re.compile(r"-(\d{1,6})\Z"),  # a pod of a StatefulSet
    "DYNO": re.compile(r"\.(\d{1,6})\Z"),  # Heroku
}
"""The variables that number the processes of a service, and their forms: bobbin-3, worker.3."""


def shards_of(settings: DiscordSettings, environ: Mapping[str, str] | None = None) -> Shards:
    """Return the shards to connect; StartError if the host gives this process no number and the settings need one."""
    count, groups = settings.shard_count, settings.shard_groups
    if groups is None or count is None:
        return Shards(settings.shard_ids, count)
    environ = os.environ if environ is None else environ
    for name, form in ORDINALS.items():
        if found := form.search(environ.get(name, "").strip()):
            return Shards(tuple(range(int(found[1]) % groups, count, groups)), count)
    raise StartError(
        "discord.shard_groups: the number of this process is not known: neither HOSTNAME ends with one, as in "
        "bobbin-3, nor DYNO, as in worker.3; set discord.shard_ids (BOT_DISCORD__SHARD_IDS) for each process instead",
        exit_code=Exit.SETTINGS,
    )
