"""The settings: their keys, their sources, and the errors for wrong values."""

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
    VoiceSettings,
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
    "VoiceSettings",
    "load",
]
