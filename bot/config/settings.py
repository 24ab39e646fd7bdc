"""Every key that an operator can set, with its type and bounds; `config.example.toml` explains each."""

from __future__ import annotations

import os
import re
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FilePath,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config.field_types import (
    Amounts,
    Model,
    Port,
    RedisAddress,
    Seconds,
    SentinelAddresses,
    Snowflake,
    address_with,
    names,
    number,
    table,
)
from bot.config.public_address import is_private_host
from bot.config.sentry_dsn import read_dsn
from bot.conversation.pricing import PriceRow
from bot.conversation.request import Parameters
from bot.conversation.surrogates import whole
from bot.conversation.visible import is_blank

DEFAULT_SYSTEM = """\
You are a helper in a Discord community. Several people may write in the same thread; each message names \
its author. Answer in the language you are addressed in. Be friendly, direct and brief: a few sentences \
where they are enough, more only where the question needs it. Say so when you do not know. Discord \
renders Markdown: use code blocks with a language for code, lists where they help, and tables \
where they are short."""


_DATE_SUFFIX = re.compile(r"-\d{8}$")

KEY_BYTES = 32
"""The length of a Fernet key."""


def data_home() -> Path:
    """Return the directory for user data: `$XDG_DATA_HOME`, else `~/.local/share` (XDG Base Directory 0.8)."""
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    if named.is_absolute():  # the specification: a relative path is to be ignored
        return named
    try:
        return Path.home() / ".local" / "share"
    except RuntimeError:  # no HOME and no entry in the password file, as in some containers
        return Path("data").absolute()


class Section(BaseModel):
    """One table of `config.toml`; an empty string means "not set" if a key may be unset."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _tidy(cls, value: Any, info: ValidationInfo) -> Any:
        annotation = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and annotation is not bool:
            raise ValueError("must not be true or false")  # Python counts them as 1 and 0
        if not isinstance(value, str):
            return value
        text = "" if is_blank(value) else whole(value).strip()
        return text or (None if type(None) in get_args(annotation) else "")


class DiscordSettings(Section):
    token: SecretStr | None = None
    api_url: Annotated[str, address_with("https", "http")] = "https://discord.com/api/v10"
    gateway_url: Annotated[str, address_with("wss", "ws")] = "wss://gateway.discord.gg/"
    proxy: Annotated[SecretStr, address_with("http", "https")] | None = None
    shard_count: Annotated[int, Field(ge=1, le=10_000)] | None = None
    shard_ids: Annotated[
        tuple[Annotated[int, BeforeValidator(number), Field(ge=0, le=9999)], ...], BeforeValidator(names)
    ] = ()
    shard_groups: Annotated[int, Field(ge=1, le=10_000)] | None = None
    direct_messages: bool = True
    # PluralKit and Tupperbox.
    proxies: Annotated[tuple[Snowflake, ...], BeforeValidator(names)] = (
        466378653216014359,
        431544605209788416,
    )

    @property
    def proxy_address(self) -> str:
        """The address of the proxy, with its password; empty if none is set."""
        return self.proxy.get_secret_value() if self.proxy else ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.shard_count is None and (self.shard_ids or self.shard_groups is not None):
            raise ValueError(
                "shard_ids and shard_groups need shard_count, which is the same in all processes"
            )
        if self.shard_ids and self.shard_groups is not None:
            raise ValueError(
                "shard_ids and shard_groups exclude each other: each says which shards a process has"
            )
        if beyond := [each for each in self.shard_ids if each >= (self.shard_count or 0)]:
            raise ValueError(
                f"shard_ids names {beyond[0]}, but with shard_count = {self.shard_count} ids end before"
            )
        if self.shard_groups is not None and self.shard_groups > (self.shard_count or 0):
            raise ValueError("shard_groups must not exceed shard_count: a group would have no shard")
        if len(set(self.shard_ids)) < len(self.shard_ids):
            raise ValueError("shard_ids names an id twice")
        return self


class ClaudeSettings(Section):
    api_key: SecretStr | None = None
    base_url: Annotated[str, address_with("https", "http")] | None = None
    model: Model = "claude-sonnet-5-5"
    effort: Literal["low", "medium", "high", "xhigh", "max"] = "medium"
    thinking: Literal["default", "on", "off"] = "default"
    models: Annotated[tuple[Model, ...], BeforeValidator(names)] = ()
    successor: Model | None = None
    fallback: Annotated[tuple[Model, ...], BeforeValidator(names)] = ()
    status_url: Annotated[str, address_with("https", "http")] | None = None
    status_private: bool = False
    max_tokens: Annotated[int, Field(ge=1, le=128_000)] = 8192  # the widest output of any current model
    system: Annotated[str, Field(min_length=1, max_length=200_000)] = DEFAULT_SYSTEM
    first_text_timeout_s: Seconds = 120.0
    stall_timeout_s: Seconds = 60.0
    max_requests: Annotated[int, Field(ge=1, le=1000)] = 256  # the HTTP client's connections
    cache: Literal["auto", "5m", "1h", "off"] = "auto"
    files: Literal["auto", "files", "inline"] = "auto"
    # The API refuses a request with more than 20 pictures if one of them is longer than 2000 pixels.
    image_max_edge: Annotated[int, Field(ge=200, le=2000)] = 1568
    prices: Annotated[dict[Model, PriceRow], BeforeValidator(table)] = Field(default_factory=dict)

    @property
    def parameters(self) -> Parameters:
        """The parameters of the model that nobody can choose for a scope, and the model."""
        return Parameters(self.model, self.max_tokens)

    @model_validator(mode="after")
    def _check(self) -> Self:
        offered = (*self.models, self.model)
        for model in self.fallback if self.models else ():
            if model not in offered and _DATE_SUFFIX.sub("", model) not in offered:
                raise ValueError(f"fallback names {model}, which models does not list: list it there as well")
        if self.status_url is not None and not self.status_private and is_private_host(self.status_url):
            raise ValueError(
                "status_url is a private address, which is not asked: name a public one, or set "
                "status_private = true"
            )
        return self

    @field_validator("base_url", mode="after")
    @classmethod
    def _without_v1(cls, value: str | None) -> str | None:
        """Remove a trailing /v1, which other programs want and the SDK adds by itself."""
        if value is None:
            return None
        address = value.rstrip("/")
        return address.removesuffix("/v1/messages").removesuffix("/v1").rstrip("/")


class RedisSettings(Section):
    url: RedisAddress | None = None
    sentinels: SentinelAddresses = ()
    sentinel_service: Annotated[str, Field(min_length=1, max_length=200)] = "mymaster"
    sentinel_username: str | None = None
    sentinel_password: SecretStr | None = None
    wait_replicas: Annotated[int, Field(ge=0, le=10)] = 0
    data_dir: Path = Field(default_factory=lambda: data_home() / "bobbin")
    server: FilePath | None = None
    timeout_s: Annotated[float, Field(ge=0.1, le=60)] = 3.0
    ca_file: FilePath | None = None
    verify_certificate: bool = True
    # Braces mark the part of a key that Redis Cluster hashes; blanks make keys unreadable in its tools.
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9:._-]+$", max_length=200)] = "bobbin"
    migration_backup: bool = True

    @field_validator("data_dir", "server", "ca_file", mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if not isinstance(value, str) or not value.startswith("~"):
            return value
        try:
            return str(Path(value).expanduser())
        except RuntimeError as error:
            raise ValueError("begins with ~, and there is no home directory") from error

    @field_validator("data_dir", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if isinstance(value, str) and not value.strip():
            raise ValueError("must name a directory")  # pathlib would read it as the working directory
        return value

    @model_validator(mode="before")
    @classmethod
    def _with_sentinels_alone(cls, values: Any) -> Any:
        """Read Sentinels without an address as a Redis that wants no password."""
        if isinstance(values, dict) and values.get("sentinels") and not values.get("url"):
            return values | {"url": SecretStr("redis://sentinel")}
        return values

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.sentinels and self.url is not None and self.url.get_secret_value().startswith("unix:"):
            raise ValueError("sentinels needs a url that begins with redis:// or rediss://, not with unix://")
        if self.ca_file is not None and not self.verify_certificate:
            raise ValueError("ca_file names whom to trust, but verify_certificate = false trusts everybody")
        return self


class HistorySettings(Section):
    # Some models cost five times as much above 100,000 tokens.
    max_tokens: Annotated[int, Field(ge=1000, le=10_000_000)] = 80_000
    past_price_step: bool = False
    keep_ratio: Annotated[float, Field(gt=0, lt=1)] = 0.5
    pinned_share: Annotated[float, Field(ge=0, le=0.9)] = 0.3
    on_trim: Literal["drop", "summarize"] = "drop"
    ttl_days: Annotated[int, Field(ge=1, le=3650)] = 90


class FilesSettings(Section):
    max_mb: Annotated[float, Field(ge=0, le=100)] = 20.0
    pdf_pages: Annotated[int, Field(ge=1, le=600)] = 50  # the API takes no more
    text_chars: Annotated[int, Field(ge=1000, le=10_000_000)] = 60_000
    remark_tokens: Annotated[int, Field(ge=0, le=10_000_000)] = 10_000
    inline_mb: Annotated[float, Field(ge=1, le=100_000)] = 256.0


class ToolsSettings(Section):
    on: Annotated[tuple[str, ...], BeforeValidator(names)] = ()
    max_steps: Annotated[int, Field(ge=1, le=50)] = 10
    max_s: Annotated[float, Field(ge=1, le=3600)] = 300.0
    never: Annotated[tuple[str, ...], BeforeValidator(names)] = ()
    searches: Annotated[int, Field(ge=1, le=50)] = 5
    searches_per_day: Annotated[int, Field(ge=0, le=1_000_000)] = 200
    fetches: Annotated[int, Field(ge=1, le=50)] = 5
    page_tokens: Annotated[int, Field(ge=500, le=200_000)] = 20_000
    files_mb: Annotated[float, Field(ge=0.1, le=100)] = 8.0


class McpSettings(Section):
    """One `[[mcp]]`: an MCP server whose tools people may be offered; `token` names a variable of the environment."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
    url: Annotated[str, address_with("https", "http")]
    token: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,199}$")] | None = None
    tools: Annotated[tuple[str, ...], BeforeValidator(names)] = ()
    servers: Annotated[tuple[Snowflake, ...], BeforeValidator(names)] = ()
    channels: Annotated[tuple[Snowflake, ...], BeforeValidator(names)] = ()
    private: bool = False
    timeout_s: Annotated[float, Field(ge=0.1, le=300)] = 30.0
    max_kb: Annotated[int, Field(ge=1, le=20_000)] = 2000
    _secret: SecretStr | None = PrivateAttr(default=None)

    @property
    def secret(self) -> SecretStr | None:
        """The token itself."""
        return self._secret

    def resolve(self, secret: str) -> None:
        """Set the token, which `load` has found in the variable."""
        self._secret = SecretStr(secret)

    @model_validator(mode="after")
    def _check(self) -> Self:
        parts = urlsplit(self.url)
        if parts.username is not None or parts.password is not None:
            raise ValueError("url must not hold a user or a password; name a variable with a token in token")
        if parts.scheme == "http" and not self.private:
            raise ValueError("url must begin with https://; http:// is possible with private = true")
        return self


class VoiceSettings(Section):
    url: Annotated[str, address_with("https", "http")] | None = None
    api_key: SecretStr | None = None
    model: Model = "whisper-1"
    max_minutes: Annotated[float, Field(ge=0.1, le=600)] = 30.0
    timeout_s: Seconds = 60.0

    @field_validator("url", mode="after")
    @classmethod
    def _whole(cls, value: str | None) -> str | None:
        """Complete the address: a host alone, an address that ends with /v1, and the whole one mean the same."""
        if value is None:
            return None
        parts = urlsplit(value)
        path = parts.path.rstrip("/").removesuffix("/audio/transcriptions") or "/v1"
        return parts._replace(path=f"{path}/audio/transcriptions", fragment="").geturl()

    @model_validator(mode="after")
    def _check(self) -> Self:
        # Both go into the header Authorization, of which a request has one.
        if self.api_key is not None and self.url is not None and urlsplit(self.url).username is not None:
            raise ValueError("url names a user and api_key is set: a server takes one of the two")
        return self


class ReplySettings(Section):
    when: Literal["always", "mentioned", "auto"] = "auto"
    ignore_prefix: str | None = "//"
    while_answering: Literal["queue", "interrupt"] = "queue"
    gather_ms: Annotated[int, Field(ge=0, le=10_000)] = 0
    titles: Literal["generated", "message"] = "generated"
    suppress_embeds: bool = True
    # Discord knows no other durations.
    thread_auto_archive_minutes: Annotated[Literal[60, 1440, 4320, 10080], BeforeValidator(number)] = 1440
    code_file_lines: Annotated[int, Field(ge=0, le=100_000)] = 60
    max_messages: Annotated[int, Field(ge=0, le=1000)] = 8
    context_messages: Annotated[int, Field(ge=0, le=100)] = 20


class AccessSettings(Section):
    allow_roles: Annotated[tuple[Snowflake, ...], BeforeValidator(names)] = ()
    block: Annotated[tuple[Snowflake, ...], BeforeValidator(names)] = ()


class LimitsSettings(Section):
    threads_per_minute: Annotated[int, Field(ge=0, le=1000)] = 5
    turns_per_person: Annotated[int, Field(ge=0, le=1000)] = 3
    refusals: Annotated[float, Field(ge=0, le=1000)] = 3.0


class AuditSettings(Section):
    ttl_days: Annotated[int, Field(ge=1, le=3650)] = 180


class PrivacySettings(Section):
    url: Annotated[str, address_with("https", "http")] | None = None
    require_consent: bool = False
    # Fernet keys, the newest first.
    keys: Annotated[tuple[SecretStr, ...], BeforeValidator(names)] = ()

    @field_validator("keys", mode="after")
    @classmethod
    def _check(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in keys:
            try:
                is_key = len(urlsafe_b64decode(key.get_secret_value())) == KEY_BYTES
            except ValueError:
                is_key = False
            if not is_key:
                raise ValueError("must be keys as `python -m bot key` prints them")
        return keys


class BudgetsSettings(Section):
    bot: Amounts = ()
    server: Amounts = ()
    channel: Amounts = ()
    person: Amounts = ()
    at_limit: Literal["drop", "keep"] = "drop"
    fallback_model: Model | None = None
    fallback: Amounts = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.fallback_model is None) != (not self.fallback):
            raise ValueError(
                "fallback_model and fallback belong together: which model answers at a limit, and how much each "
                "person may use of it"
            )
        return self


class UsageSettings(Section):
    ttl_days: Annotated[int, Field(ge=1, le=3650)] = 400


class TurnsSettings(Section):
    lease_s: Annotated[float, Field(ge=0.5, le=300)] = 6.0
    heartbeat_s: Annotated[float, Field(ge=0.1, le=150)] = 2.0
    poll_s: Seconds = 5.0
    tries: Annotated[int, Field(ge=1, le=10_000)] = 5
    max_concurrent: Annotated[int, Field(ge=1, le=10_000)] = 256

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.heartbeat_s >= self.lease_s / 2:  # one renewal may fail without losing the lease
            raise ValueError(
                f"heartbeat_s ({self.heartbeat_s:g}) must be less than half of lease_s ({self.lease_s:g})"
            )
        return self


class RecoverySettings(Section):
    max_age_hours: Annotated[float, Field(ge=0, le=168)] = 24.0  # records of messages are kept for a week
    max_messages: Annotated[int, Field(ge=1, le=1000)] = 100
    every_s: Seconds = 120.0


class ShutdownSettings(Section):
    grace_s: Annotated[float, Field(ge=0, le=7)] = 7.0  # with 3 s for the rest, the process ends within 10 s


class TelemetrySettings(Section):
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "console", "json"] = "auto"
    metrics_port: Port | None = None
    metrics_host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    heartbeat_url: Annotated[SecretStr, address_with("https", "http")] | None = None
    sentry_dsn: Annotated[SecretStr, address_with("https", "http")] | None = None
    private: bool = False

    @field_validator("sentry_dsn", mode="after")
    @classmethod
    def _whole_dsn(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and read_dsn(value.get_secret_value()) is None:
            raise ValueError("must be a DSN as the project's settings show it: https://KEY@HOST/PROJECT")
        return value

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in () if self.private else ("heartbeat_url", "sentry_dsn"):
            address: SecretStr | None = getattr(self, name)
            if address is not None and is_private_host(address.get_secret_value()):
                raise ValueError(
                    f"{name} is a private address, which is not asked: name a public one, or set private = true"
                )
        return self


class LocalSettings(Section):
    port: Port = 8765
    model_on_discord: bool = False


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
