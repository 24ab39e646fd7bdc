"""Secrets in settings, and addresses that hold them."""

import re
from pathlib import Path

import pytest

from bot.config import (
    ClaudeSettings,
    DiscordSettings,
    RedisSettings,
    Settings,
    TelemetrySettings,
    VoiceSettings,
)
from bot.conversation.errors import StartError
from tests.config.stage import read, refusal


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("redis://:hidden-word@h:65536", "must have a port from 1 to 65535 behind the host"),
        ("redis://:hidden-word@h:0", "must have a port from 1 to 65535 behind the host"),
        ("redis://:hidden-word@h:6379x", "must have a port from 1 to 65535 behind the host"),
        ("redis://:hidden-word@[::1:6379", "must have an IPv6 address in [ ], as in [::1]"),
        ("http://:hidden-word@h", "must be an address that begins with redis:// or rediss:// or unix://"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_without_the_address(
    tmp_path: Path, address: str, reason: str
) -> None:
    line = refusal(tmp_path, REDIS_URL=address)
    assert line.startswith("REDIS_URL in the environment: redis.url: ")
    assert reason in line
    assert "hidden-word" not in line


@pytest.mark.parametrize(
    "toml",
    [
        '[redis]\nurl = "hunter2"',
        '[redis]\nurl = "redis://:hunter2#@host:none"',
        '[redis]\nurl = "redis://[hunter2"',
        '[claude]\nbase_url = "hunter2"',
        '[discord]\ntokn = "hunter2"',
        '[voice]\nurl = "hunter2"',
        '[voice]\napi_key = ["hunter2"]',
        '[discord]\ntoken = ["hunter2"]',
        'discord = "hunter2"',
        'token = "hunter2"',
    ],
)
def test_a_secret_is_never_part_of_a_refusal(tmp_path: Path, toml: str) -> None:
    with pytest.raises(StartError) as caught:
        read(tmp_path, toml)
    assert "hunter2" not in caught.value.line
    assert caught.value.__suppress_context__


def test_secrets_are_not_printed_with_the_settings_but_known_for_redaction() -> None:
    settings = Settings(
        discord=DiscordSettings.model_validate({"token": "hunter1"}),
        claude=ClaudeSettings.model_validate({"api_key": "hunter2", "base_url": "http://u:hunter3@h"}),
        redis=RedisSettings.model_validate({"url": "redis://u:hunter%404@h:6379/0"}),
        voice=VoiceSettings.model_validate({"api_key": "hunter5"}),
    )
    assert "hunter4" not in repr(settings.redis)
    assert not re.search("hunter[1245]", repr(settings))
    assert {"hunter1", "hunter2", "hunter3", "hunter%404", "hunter@4", "hunter5"} < set(settings.secrets())
    assert Settings().secrets() == ()
    named = Settings(voice=VoiceSettings.model_validate({"url": "https://u:hunter6@h"}))
    assert "hunter6" in named.secrets()


def test_the_addresses_of_monitors_are_secrets() -> None:
    settings = Settings(
        telemetry=TelemetrySettings.model_validate(
            {"heartbeat_url": "https://hc.example/hunter1", "sentry_dsn": "https://hunter2@sentry.example/1"}
        )
    )
    assert not re.search("hunter[12]", repr(settings))
    assert set(settings.secrets()) == {"https://hc.example/hunter1", "https://hunter2@sentry.example/1"}


@pytest.mark.parametrize(
    ("key", "address", "reason"),
    [
        ("HEARTBEAT_URL", "http://127.0.0.1/hunter2", "heartbeat_url is a private address"),
        ("SENTRY_DSN", "https://hunter2@10.0.0.1/1", "sentry_dsn is a private address"),
        ("SENTRY_DSN", "https://sentry.example/hunter2", "must be a DSN"),
        ("HEARTBEAT_URL", "ftp://hc.example/hunter2", "must be an address that begins with https://"),
    ],
)
def test_a_monitor_that_cannot_be_asked_is_refused_without_its_address(
    tmp_path: Path, key: str, address: str, reason: str
) -> None:
    line = refusal(tmp_path, **{f"BOT_TELEMETRY__{key}": address})
    assert reason in line
    assert "hunter2" not in line


def test_a_private_monitor_is_allowed_by_a_setting(tmp_path: Path) -> None:
    toml = '[telemetry]\nheartbeat_url = "http://127.0.0.1:3001/push"\nprivate = true'
    assert read(tmp_path, toml).telemetry.private
