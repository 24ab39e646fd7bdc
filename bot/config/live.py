"""The settings in force: those that are safe to change while the bot runs are replaced by a reload."""

from __future__ import annotations

from dataclasses import dataclass

from bot.config.setting_keys import LISTS, keys
from bot.config.settings import Section, Settings

RELOADED = frozenset(
    {
        "discord.direct_messages",
        "claude.max_requests",
        "reply.when",
        "reply.ignore_prefix",
        "access.allow_roles",
        "access.block",
        "limits.threads_per_minute",
        "limits.turns_per_person",
        "limits.refusals",
        "budgets.bot",
        "budgets.server",
        "budgets.channel",
        "budgets.person",
        "budgets.fallback_model",
        "budgets.fallback",
        "turns.max_concurrent",
        "shutdown.grace_s",
        "telemetry.log_level",
    }
)
"""The settings that a reload applies at once; every other setting is read at the start alone.

Connections, addresses, keys and lifetimes are part of what is built at the start. The model, the system prompt and
what else shapes requests stay, because all conversations would lose their cached prompts at the same moment.
"""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The settings that have changed, by their paths: those that are in force now, and those that need a restart."""

    applied: tuple[str, ...]
    needs_restart: tuple[str, ...]


class LiveSettings:
    """Holds the settings in force.

    `loaded` are the settings as their sources gave them at the start, `settings` the same with what the stand-ins
    have added.
    """

    def __init__(self, loaded: Settings, settings: Settings | None = None) -> None:
        self._loaded = loaded
        self.settings = settings or loaded

    def replace(self, loaded: Settings) -> Reloaded:
        """Put in force what may change of the newly loaded settings; returns what has changed since the start."""
        changed = [path for path in keys() if _value(self._loaded, path) != _value(loaded, path)]
        applied = [path for path in changed if path in RELOADED]
        for path in applied:
            self.settings = _with(self.settings, path, loaded)
            self._loaded = _with(self._loaded, path, loaded)
        left = [path for path in changed if path not in RELOADED]
        left += [path for path in LISTS if getattr(self._loaded, path) != getattr(loaded, path)]
        return Reloaded(tuple(applied), tuple(left))


def _value(settings: Settings, path: str) -> object:
    section, _, key = path.partition(".")
    return getattr(getattr(settings, section), key)


def _with(settings: Settings, path: str, loaded: Settings) -> Settings:
    """Return the settings with one value of others, as a value that is set, or is not."""
    name, _, key = path.partition(".")
    section: Section = getattr(settings, name)
    changed = section.model_copy(update={key: _value(loaded, path)})
    if key not in getattr(loaded, name).model_fields_set:
        changed.model_fields_set.discard(key)
    return settings.model_copy(update={name: changed})
