"""Every key that an operator can set, with its type and bounds; `config.example.toml` explains each.

Each module has the sections of one subject.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config.settings.claude import ClaudeSettings
from bot.config.settings.conversation import FilesSettings, HistorySettings, ReplySettings, VoiceSettings
from bot.config.settings.discord import DiscordSettings
from bot.config.settings.operation import (
    LocalSettings,
    RecoverySettings,
    ShutdownSettings,
    TelemetrySettings,
    TurnsSettings,
)
from bot.config.settings.people import (
    KEY_BYTES,
    AccessSettings,
    AuditSettings,
    BudgetsSettings,
    LimitsSettings,
    PrivacySettings,
    UsageSettings,
)
from bot.config.settings.redis import RedisSettings
from bot.config.settings.section import Section
from bot.config.settings.tools import McpSettings, ToolsSettings

__all__ = [
    "KEY_BYTES",
    "AccessSettings",
    "AuditSettings",
    "BudgetsSettings",
    "ClaudeSettings",
    "DiscordSettings",
    "FilesSettings",
    "HistorySettings",
    "LimitsSettings",
    "LocalSettings",
    "McpSettings",
    "PrivacySettings",
    "RecoverySettings",
    "RedisSettings",
    "ReplySettings",
    "Section",
    "Settings",
    "ShutdownSettings",
    "TelemetrySettings",
    "ToolsSettings",
    "TurnsSettings",
    "UsageSettings",
    "VoiceSettings",
]


class Settings(BaseSettings):
    """All settings; `Settings()` holds the defaults, `load()` reads the sources."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    discord: DiscordSettings = DiscordSettings()
    claude: ClaudeSettings = ClaudeSettings()
    redis: RedisSettings = Field(default_factory=RedisSettings)
    history: HistorySettings = HistorySettings()
    files: FilesSettings = FilesSettings()
    tools: ToolsSettings = ToolsSettings()
    mcp: Annotated[tuple[McpSettings, ...], Field(max_length=20)] = ()
    voice: VoiceSettings = VoiceSettings()
    reply: ReplySettings = ReplySettings()
    access: AccessSettings = AccessSettings()
    limits: LimitsSettings = LimitsSettings()
    audit: AuditSettings = AuditSettings()
    privacy: PrivacySettings = PrivacySettings()
    budgets: BudgetsSettings = BudgetsSettings()
    usage: UsageSettings = UsageSettings()
    turns: TurnsSettings = TurnsSettings()
    recovery: RecoverySettings = RecoverySettings()
    shutdown: ShutdownSettings = ShutdownSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    local: LocalSettings = LocalSettings()

    @field_validator("mcp", mode="after")
    @classmethod
    def _named_once(cls, servers: tuple[McpSettings, ...]) -> tuple[McpSettings, ...]:
        if len({server.name for server in servers}) < len(servers):
            raise ValueError("each [[mcp]] must have a name of its own")
        return servers

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[PydanticBaseSettingsSource, ...]:
        # load() merges the sources, because an error has to name the file or the variable to correct.
        return (sources["init_settings"],)

    def secrets(self) -> tuple[str, ...]:
        """Return every text that must never be shown, longest first: token, key, passwords in addresses."""
        texts = {
            secret.get_secret_value()
            for secret in (
                self.discord.token,
                self.claude.api_key,
                self.voice.api_key,
                self.telemetry.heartbeat_url,
                self.telemetry.sentry_dsn,
                self.redis.sentinel_password,
                *self.privacy.keys,
                *(server.secret for server in self.mcp),
            )
            if secret is not None
        }
        for address in (
            self.redis.url.get_secret_value() if self.redis.url else "",
            self.discord.proxy_address,
            self.claude.base_url or "",
            self.voice.url or "",
            self.claude.status_url or "",
        ):
            parts = urlsplit(address)
            named = [value for key, value in parse_qsl(parts.query) if key == "password"]
            if passwords := {text for text in (parts.password, *named) if text}:
                texts |= {address, *passwords, *map(unquote, passwords)}
        return tuple(sorted(texts, key=len, reverse=True))
