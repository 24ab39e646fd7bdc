"""The keys of the settings: their paths, the variables of the environment that set them, which hold secrets.

Four variables have conventional names (`VARIABLES`); the variable of every other key is `BOT_<SECTION>__<KEY>`.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.config.settings import McpSettings, Section, Settings

VARIABLES = {
    "discord.token": "DISCORD_TOKEN",
    "claude.api_key": "ANTHROPIC_API_KEY",
    "claude.base_url": "ANTHROPIC_BASE_URL",
    "redis.url": "REDIS_URL",
}
CONFIG_VARIABLE = "BOT_CONFIG"
PREFIX = "BOT_"
# Never quoted in an error: secrets, and addresses, which may contain a secret.
HIDDEN = frozenset(
    (
        *VARIABLES,
        *("discord.proxy", "voice.url", "voice.api_key", "telemetry.heartbeat_url", "telemetry.sentry_dsn"),
        *("redis.sentinels", "redis.sentinel_password"),
    )
)
# The sections that are lists of tables, written [[mcp]]; the variable holds a JSON list.
LISTS: Mapping[str, type[Section]] = {"mcp": McpSettings}


def keys() -> dict[str, type[Section]]:
    """Return the path of every key with its section, in the order of `Settings`."""
    found: dict[str, type[Section]] = {}
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            found.update(dict.fromkeys((f"{name}.{key}" for key in section.model_fields), section))
    return found


def variable(path: str) -> str:
    """Return the environment variable that sets a key."""
    return VARIABLES.get(path) or PREFIX + path.replace(".", "__").upper()
