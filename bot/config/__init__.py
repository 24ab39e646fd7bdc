"""The settings: what can be set, where it is read from, how a wrong one is told."""

from bot.config.exits import Exit
from bot.config.settings import (
    ClaudeSettings,
    DiscordSettings,
    HistorySettings,
    LocalSettings,
    RecoverySettings,
    RedisSettings,
    ReplySettings,
    Settings,
    ShutdownSettings,
    TelemetrySettings,
    TurnsSettings,
)
from bot.config.sources import load

__all__ = [
    "ClaudeSettings",
    "DiscordSettings",
    "Exit",
    "HistorySettings",
    "LocalSettings",
    "RecoverySettings",
    "RedisSettings",
    "ReplySettings",
    "Settings",
    "ShutdownSettings",
    "TelemetrySettings",
    "TurnsSettings",
    "load",
]
