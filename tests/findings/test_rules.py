"""The rules, on facts that were made up."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from bot.config import Settings
from bot.conversation.model import ModelInfo
from bot.conversation.scope import Setting
from bot.findings import claude_rules, discord_rules, host_rules, redis_rules, settings_rules
from bot.findings.configured import Purpose, configured_channels
from bot.findings.facts import (
    ApplicationFacts,
    ChannelFacts,
    ClaudeFacts,
    CommandFacts,
    DataDirectoryFacts,
    DiscordFacts,
    FileFacts,
    HostFacts,
    RedisFacts,
    ServerFacts,
    SettingsFacts,
)
from bot.findings.finding import Severity
from bot.findings.ids import Id
from bot.findings.table import RULES, findings_of

SOUND_REDIS = RedisFacts(
    latency_s=0.001,
    is_remote=False,
    has_tls=False,
    product="Valkey",
    version="9.1.2",
    role="master",
    policy="noeviction",
    memory_used=1,
    appends=True,
    saves=True,
    host_is_ahead_s=0.1,
)
SERVER = ServerFacts(1, "Weavers")
SOUND_DISCORD = DiscordFacts("Bobbin", "https://invite", ApplicationFacts(True), 0.1, 1, (SERVER,))
SOUND_CLAUDE = ClaudeFacts("m", ModelInfo("m"), True, False, None, 0.1, True, True)
SOUND = (SOUND_REDIS, SOUND_DISCORD, SOUND_CLAUDE, HostFacts(), SettingsFacts(Settings()), CommandFacts())


def test_nothing_is_found_where_all_is_well() -> None:
    assert list(findings_of(SOUND)) == []


def test_facts_of_every_kind_have_rules() -> None:
    assert {type(each) for each in SOUND} == RULES.keys()


@pytest.mark.parametrize(
    ("changes", "id_", "severity"),
    [
        ({"product": "Redis", "version": "6.0.16"}, Id.REDIS_VERSION, Severity.ERROR),
        ({"product": "Valkey", "version": "7.1"}, Id.REDIS_VERSION, Severity.ERROR),
        ({"schema": 4, "newest_schema": 3}, Id.REDIS_SCHEMA, Severity.ERROR),
        ({"schema": 2, "newest_schema": 3, "is_older": True}, Id.REDIS_SCHEMA, Severity.NOTE),
        ({"role": "slave"}, Id.REDIS_ROLE, Severity.ERROR),
        ({"replicas": 0, "wanted_replicas": 1}, Id.REDIS_REPLICAS, Severity.WARNING),
        ({"policy": "volatile-lru"}, Id.EVICTION, Severity.ERROR),
        ({"appends": False, "saves": False}, Id.PERSISTENCE, Severity.WARNING),
        ({"appends": False}, Id.PERSISTENCE, Severity.NOTE),
        ({"disk_problem": "snapshot"}, Id.REDIS_DISK, Severity.WARNING),
        ({"memory_used": 81, "memory_max": 100}, Id.REDIS_MEMORY, Severity.WARNING),
        ({"is_remote": True}, Id.REDIS_TLS, Severity.WARNING),
        ({"is_remote": True, "has_tls": True, "verifies": False}, Id.REDIS_TLS, Severity.WARNING),
        ({"latency_s": 0.06}, Id.REDIS_LATENCY, Severity.WARNING),
        ({"host_is_ahead_s": -90.0}, Id.REDIS_CLOCK, Severity.WARNING),
        ({"is_info_allowed": False}, Id.REDIS_INFO, Severity.NOTE),
    ],
)
def test_redis(changes: dict[str, Any], id_: Id, severity: Severity) -> None:
    (finding,) = findings_of([replace(SOUND_REDIS, **changes)])
    assert (finding.id, finding.severity) == (id_, severity)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "6.2.0", "product": "Redis"},
        {"version": "10.0", "product": "Redis"},
        {"version": "", "policy": ""},
        {"appends": None, "saves": False},
        {"is_remote": True, "has_tls": True},
    ],
)
def test_a_redis_that_is_fit_or_says_nothing_is_no_finding(changes: dict[str, Any]) -> None:
    assert list(findings_of([replace(SOUND_REDIS, **changes)])) == []


@pytest.mark.parametrize(
    ("changes", "id_"),
    [
        ({"application": ApplicationFacts(False)}, Id.INTENT),
        ({"application": ApplicationFacts(True, has_endpoint=True)}, Id.ENDPOINT),
        ({"application": ApplicationFacts(True, needs_code_grant=True)}, Id.CODE_GRANT),
        ({"application": ApplicationFacts(True, is_public=False)}, Id.NOT_PUBLIC),
        (
            {"application": ApplicationFacts(True, has_install_link=True, excess=("Administrator",))},
            Id.INSTALL_LINK,
        ),
        ({"gateway_problem": "it does not answer"}, Id.GATEWAY),
        ({"session_starts_left": 3}, Id.IDENTIFIES),
        ({"shard_count": 4, "shards_advised": 5}, Id.SHARDS),
        ({"host_is_ahead_s": 300.0}, Id.CLOCK),
        ({"latency_s": 2.5}, Id.DISCORD_LATENCY),
        ({"server_count": 0, "servers": ()}, Id.NO_SERVERS),
        ({"server_count": 2}, Id.SERVERS_SKIPPED),
        ({"servers": (replace(SERVER, lacks=("Embed Links",)),)}, Id.SERVER_PERMISSIONS),
        ({"servers": (replace(SERVER, lacks_for_tools=("Create Polls",)),)}, Id.SERVER_PERMISSIONS),
        ({"servers": (replace(SERVER, is_administrator=True),)}, Id.ADMINISTRATOR),
        ({"servers": (replace(SERVER, is_timed_out=True),)}, Id.TIMED_OUT),
        (
            {
                "servers": (
                    replace(SERVER, channels=(ChannelFacts(2, "a", Purpose.HERE, ("View Channels",)),)),
                )
            },
            Id.CHANNEL_PERMISSIONS,
        ),
        (
            {"servers": (replace(SERVER, channels=(ChannelFacts(2, "a", Purpose.AUDIT, gone=True),)),)},
            Id.CHANNEL_GONE,
        ),
    ],
)
def test_discord(changes: dict[str, Any], id_: Id) -> None:
    assert [each.id for each in findings_of([replace(SOUND_DISCORD, **changes)])] == [id_]


def test_an_application_that_does_not_tell_its_flags_is_not_blamed() -> None:
    assert list(findings_of([replace(SOUND_DISCORD, application=ApplicationFacts(None))])) == []


@pytest.mark.parametrize(
    ("changes", "id_"),
    [
        ({"ends_soon": True, "info": ModelInfo("m", retires=dt.date(2027, 1, 1))}, Id.MODEL_ENDS),
        ({"is_listed": False}, Id.MODEL_UNCHECKED),
        ({"is_listed": False, "unreachable": "ConnectError"}, Id.CLAUDE_UNREACHABLE),
        ({"count_problem": "403 permission_error"}, Id.CLAUDE_ANSWER),
        ({"has_files": False}, Id.FILES),
        ({"has_tools": False}, Id.TOOLS),
        ({"latency_s": 3.0}, Id.CLAUDE_LATENCY),
    ],
)
def test_claude(changes: dict[str, Any], id_: Id) -> None:
    assert [each.id for each in findings_of([replace(SOUND_CLAUDE, **changes)])] == [id_]


def test_limits_of_the_model_are_compared_with_the_settings() -> None:
    info = ModelInfo("m", context_tokens=10_000, output_tokens=4096, efforts=())
    found = list(findings_of([SettingsFacts(Settings()), replace(SOUND_CLAUDE, info=info)]))
    assert [each.names[0] for each in found] == ["claude.max_tokens", "history.max_tokens", "claude.effort"]
    assert {each.id for each in found} == {Id.MODEL_LIMIT}


def test_the_host() -> None:
    facts = HostFacts(
        {"Discord": "HTTPS_PROXY"},
        (FileFacts(".env", is_open=True), FileFacts("config.toml", is_open=False)),
        DataDirectoryFacts("/data", is_open=True, free_bytes=1),
    )
    assert [each.id for each in findings_of([facts])] == [
        Id.PROXY_USED,
        Id.FILE_MODE,
        Id.DATA_DIR_OPEN,
        Id.DATA_DIR_SPACE,
    ]
    unusable = HostFacts(data_directory=DataDirectoryFacts("/data", problem="/data is a file"))
    assert [each.severity for each in findings_of([unusable])] == [Severity.ERROR]
    no_backup = HostFacts(backup_directory=DataDirectoryFacts("/data", problem="/data is a file"))
    (finding,) = findings_of([no_backup])
    assert (finding.id, finding.severity) == (Id.DATA_DIR, Severity.WARNING)
    assert finding.names == ("redis.data_dir", "redis.migration_backup")
    assert list(findings_of([HostFacts(backup_directory=DataDirectoryFacts("/data"))])) == []


CONTRADICTORY: tuple[dict[str, dict[str, Any]], ...] = (
    {"claude": {"models": ["claude-haiku-5-5"]}},
    {"claude": {"successor": "claude-sonnet-5-5"}},
    {"budgets": {"fallback_model": "claude-sonnet-5-5", "fallback": ["10 messages per day"]}},
    {"claude": {"max_tokens": 20_000}, "history": {"max_tokens": 10_000}},
    {"claude": {"base_url": "https://claude.example"}},
    {"discord": {"api_url": "https://discord.example/api/v10"}},
    {"redis": {"url": "redis://h", "verify_certificate": False}},
    {"redis": {"sentinel_service": "weavers"}},
    {"redis": {"wait_replicas": 1}},
    {"redis": {"url": "redis://h", "server": __file__}},
    {"tools": {"on": ["web_search"], "never": ["web_search"]}},
    {"local": {"model_on_discord": True}, "claude": {"api_key": "k"}},
    {"voice": {"api_key": "k"}},
    {"voice": {"url": "https://voice.example"}, "files": {"max_mb": 0}},
    {"reply": {"gather_ms": 100, "titles": "generated"}},
    {"telemetry": {"metrics_host": "0.0.0.0"}},  # noqa: S104
    {"telemetry": {"private": True}},
    {"privacy": {"require_consent": True}},
    {"budgets": {"at_limit": "keep"}},
)


@pytest.mark.parametrize(
    ("number", "tree"), list(enumerate(CONTRADICTORY)), ids=[str(tree) for tree in CONTRADICTORY]
)
def test_each_contradiction_is_found_by_its_own_rule(number: int, tree: dict[str, Any]) -> None:
    settings = Settings.model_validate(tree)
    found = list(findings_of([SettingsFacts(settings)]))
    assert [each.problem for each in found] == [settings_rules.CONTRADICTIONS[number].problem]


def test_the_directory_of_the_backups_before_migrations_is_used_beside_a_server_of_ones_own() -> None:
    settings = Settings.model_validate({"redis": {"url": "redis://h", "data_dir": "/data"}})
    assert list(findings_of([SettingsFacts(settings)])) == []


def test_each_contradiction_is_tested() -> None:
    assert len(CONTRADICTORY) == len(settings_rules.CONTRADICTIONS)


def test_an_unknown_tool_is_named_with_those_that_there_are() -> None:
    settings = Settings.model_validate({"tools": {"on": ["time", "loom"]}})
    (finding,) = findings_of([SettingsFacts(settings, tools=("time",))])
    assert finding.problem == "tools.on names loom, and there is no such tool"


def test_an_unknown_tool_is_named_whatever_discord_tells() -> None:
    settings = SettingsFacts(Settings.model_validate({"tools": {"on": ["loom"]}}), tools=("time",))
    unchecked = CommandFacts(problem="RateLimited")
    assert [each.id for each in findings_of([settings, unchecked])] == [
        Id.CONTRADICTION,
        Id.COMMANDS_UNCHECKED,
    ]


def test_a_tool_that_is_never_offered_is_not_recommended() -> None:
    settings = Settings.model_validate({"tools": {"on": ["loom"], "never": ["wheel"]}})
    (finding,) = findings_of([SettingsFacts(settings, tools=("time", "wheel"))])
    assert finding.mend == "known are time"


def test_configured_channels() -> None:
    server = {"audit.channel": Setting("5"), "budget.notify": Setting("6"), "answer": Setting("always")}
    channels = {7: {"answer": Setting("always")}, 8: {"answer": Setting("never")}}
    assert list(configured_channels(server, channels)) == [
        (5, Purpose.AUDIT),
        (6, Purpose.NOTIFY),
        (7, Purpose.ALWAYS),
    ]


def test_every_rule_module_lists_its_rules() -> None:
    for module in (claude_rules, discord_rules, host_rules, redis_rules, settings_rules):
        assert module.RULES
