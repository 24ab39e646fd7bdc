"""The rules for settings that contradict each other, and for services that are not configured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.config import DiscordSettings, Settings
from bot.findings.facts import SettingsFacts
from bot.findings.finding import Finding, Severity
from bot.findings.ids import Id

TLS = "rediss://"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Settings of which one has no effect, or the wrong one, beside the other."""

    holds: Callable[[Settings], bool]
    problem: str
    mend: str
    names: tuple[str, ...]


def _redis_address(settings: Settings) -> str:
    return settings.redis.url.get_secret_value() if settings.redis.url else ""


def _is_set(settings: Settings, section: str, key: str) -> bool:
    return key in getattr(settings, section).model_fields_set


CONTRADICTIONS = (
    Contradiction(
        lambda s: bool(s.claude.models) and s.claude.model not in s.claude.models,
        "claude.model is not among claude.models: people who choose another model cannot choose the default again",
        "add it to claude.models",
        ("claude.model", "claude.models"),
    ),
    Contradiction(
        lambda s: s.claude.successor is not None and s.claude.successor == s.claude.model,
        "claude.successor names claude.model itself",
        "name another model, or none",
        ("claude.successor", "claude.model"),
    ),
    Contradiction(
        lambda s: s.budgets.fallback_model is not None and s.budgets.fallback_model == s.claude.model,
        "budgets.fallback_model is the model whose limit it is to stand in for",
        "name a cheaper model",
        ("budgets.fallback_model", "claude.model"),
    ),
    Contradiction(
        lambda s: s.claude.max_tokens >= s.history.max_tokens,
        "claude.max_tokens, the longest reply, is as large as history.max_tokens: one reply pushes out the "
        "conversation",
        "lower the one or raise the other",
        ("claude.max_tokens", "history.max_tokens"),
    ),
    Contradiction(
        lambda s: s.claude.base_url is not None and s.claude.api_key is None,
        "ANTHROPIC_BASE_URL is set and ANTHROPIC_API_KEY is not: the stand-in model answers, not that server",
        "set ANTHROPIC_API_KEY (any text, where the server wants none)",
        ("claude.base_url", "claude.api_key"),
    ),
    Contradiction(
        lambda s: (
            (s.discord.api_url != DiscordSettings().api_url)
            != (s.discord.gateway_url != DiscordSettings().gateway_url)
        ),
        "Only one of discord.api_url and discord.gateway_url is Discord's: the token goes to two services",
        "set both, or none",
        ("discord.api_url", "discord.gateway_url"),
    ),
    Contradiction(
        lambda s: (
            (s.redis.ca_file is not None or not s.redis.verify_certificate)
            and _redis_address(s) != ""
            and not _redis_address(s).startswith(TLS)
        ),
        "redis.ca_file and redis.verify_certificate have no effect: REDIS_URL does not begin with rediss://",
        "use rediss://, or take them out",
        ("redis.ca_file", "redis.verify_certificate", "redis.url"),
    ),
    Contradiction(
        lambda s: (
            not s.redis.sentinels
            and any(
                _is_set(s, "redis", key)
                for key in ("sentinel_service", "sentinel_username", "sentinel_password")
            )
        ),
        "redis.sentinel_service, redis.sentinel_username and redis.sentinel_password have no effect: redis.sentinels "
        "is not set",
        "set redis.sentinels, or take them out",
        ("redis.sentinels", "redis.sentinel_service"),
    ),
    Contradiction(
        lambda s: s.redis.wait_replicas > 0 and s.redis.url is None,
        "redis.wait_replicas has no effect: the private server has no replicas",
        "set REDIS_URL, or take it out",
        ("redis.wait_replicas", "redis.url"),
    ),
    Contradiction(
        lambda s: s.redis.url is not None and _is_set(s, "redis", "server"),
        "redis.server has no effect: REDIS_URL is set, so that no private server is started",
        "take it out, or REDIS_URL",
        ("redis.server", "redis.url"),
    ),
    Contradiction(
        lambda s: bool(set(s.tools.on) & set(s.tools.never)),
        "A tool stands in tools.on and in tools.never: it is offered nowhere",
        "take it out of one of them",
        ("tools.on", "tools.never"),
    ),
    Contradiction(
        lambda s: s.local.model_on_discord and s.claude.api_key is not None,
        "local.model_on_discord has no effect: ANTHROPIC_API_KEY is set",
        "take it out",
        ("local.model_on_discord", "claude.api_key"),
    ),
    Contradiction(
        lambda s: s.voice.url is None and s.voice.api_key is not None,
        "voice.api_key has no effect: voice.url is not set, so that nobody listens to recordings",
        "set voice.url, or take it out",
        ("voice.api_key", "voice.url"),
    ),
    Contradiction(
        lambda s: s.voice.url is not None and not s.files.max_mb,
        "voice.url has no effect: files.max_mb is 0, so that no file is read",
        "raise files.max_mb, or take it out",
        ("voice.url", "files.max_mb"),
    ),
    Contradiction(
        lambda s: bool(s.reply.gather_ms) and _is_set(s, "reply", "titles") and s.reply.titles == "generated",
        'reply.titles = "generated" has no effect: with reply.gather_ms the thread is open before Claude is asked',
        "set one of the two",
        ("reply.titles", "reply.gather_ms"),
    ),
    Contradiction(
        lambda s: s.telemetry.metrics_port is None and _is_set(s, "telemetry", "metrics_host"),
        "telemetry.metrics_host has no effect: telemetry.metrics_port is not set",
        "set telemetry.metrics_port, or take it out",
        ("telemetry.metrics_host", "telemetry.metrics_port"),
    ),
    Contradiction(
        lambda s: (
            s.telemetry.private and s.telemetry.heartbeat_url is None and s.telemetry.sentry_dsn is None
        ),
        "telemetry.private has no effect: neither telemetry.heartbeat_url nor telemetry.sentry_dsn is set",
        "take it out",
        ("telemetry.private", "telemetry.heartbeat_url", "telemetry.sentry_dsn"),
    ),
    Contradiction(
        lambda s: s.privacy.require_consent and s.privacy.url is None,
        "privacy.require_consent asks people to agree, and privacy.url names no text to agree to",
        "set privacy.url",
        ("privacy.require_consent", "privacy.url"),
    ),
    Contradiction(
        lambda s: (
            s.budgets.at_limit == "keep"
            and not (s.budgets.bot or s.budgets.server or s.budgets.channel or s.budgets.person)
        ),
        'budgets.at_limit = "keep" has no effect on the operator\'s limits: there are none',
        "set one, or leave it if servers set theirs by /budget",
        ("budgets.at_limit",),
    ),
)


def contradictions(facts: SettingsFacts) -> Iterator[Finding]:
    """Settings that contradict each other."""
    for each in CONTRADICTIONS:
        if each.holds(facts.settings):
            yield Finding(Id.CONTRADICTION, Severity.WARNING, each.problem, each.mend, each.names)


def tools(facts: SettingsFacts) -> Iterator[Finding]:
    """A name in tools.on that is no tool."""
    never = facts.settings.tools.never
    unknown = [name for name in facts.settings.tools.on if name not in (*facts.tools, *never)]
    if unknown:
        yield Finding(
            Id.CONTRADICTION,
            Severity.WARNING,
            f"tools.on names {', '.join(unknown)}, and there is no such tool",
            f"known are {', '.join(name for name in facts.tools if name not in never)}",
            ("tools.on",),
        )


def stand_ins(facts: SettingsFacts) -> Iterator[Finding]:
    """Services that a local stand-in replaces."""
    for variable in facts.stand_ins:
        yield Finding(
            Id.STAND_IN,
            Severity.NOTE,
            f"{variable} is not set: a local stand-in takes its place",
            f"set {variable}, by `python -m bot init` for example",
            (variable,),
        )


RULES = (contradictions, tools, stand_ins)
