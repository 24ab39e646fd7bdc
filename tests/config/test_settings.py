import os
from pathlib import Path

import pytest

from bot.config import Exit, Settings
from bot.config.setting_keys import keys
from tests.config.stage import refusal


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ('[turns]\ntries = "x"', "turns.tries: found 'x'; must be a whole number, at least 1, at most 10000"),
        ("[turns]\ntries = 1.5", "turns.tries: found 1.5; must be a whole number, at least 1, at most 10000"),
        ("[local]\nport = true", "local.port: found true; must be a whole number, at least 0, at most 65535"),
        (
            "[history]\nmax_tokens = 999",
            "history.max_tokens: found 999; must be a whole number, at least 1000, at most 10000000",
        ),
        (
            "[history]\nkeep_ratio = 1",
            "history.keep_ratio: found 1; must be a number, more than 0, less than 1",
        ),
        (
            "[history]\nkeep_ratio = nan",
            "history.keep_ratio: found nan; must be a number, more than 0, less than 1",
        ),
        ("[shutdown]\ngrace_s = 10", "shutdown.grace_s: found 10; must be a number, at least 0, at most 7"),
        (
            '[claude]\neffort = "hi"',
            "claude.effort: found 'hi'; must be 'low', 'medium', 'high', 'xhigh' or 'max'",
        ),
        (
            "[reply]\nthread_auto_archive_minutes = 61",
            "reply.thread_auto_archive_minutes: found 61; must be 60, 1440, 4320 or 10080",
        ),
        (
            '[discord]\ngateway_url = "https://x"',
            "discord.gateway_url: found 'https://x'; must be an address that begins with wss:// or ws://",
        ),
        (
            '[budgets]\nbot = ["5 EUR per day"]',
            "budgets.bot[0]: found '5 EUR per day'; must be an amount such as “5 USD per day”, “200000 tokens per "
            "month” or “20 messages per minute”",
        ),
        (
            "[budgets]\nperson = [5]",
            "budgets.person[0]: found 5; must be an amount such as “5 USD per day”, “200000 tokens per month” or "
            "“20 messages per minute”",
        ),
        (
            '[budgets]\nserver = "0 USD per day"',
            "budgets.server[0]: found '0 USD per day'; must be more than 0, and less than a million million",
        ),
        (
            '[budgets]\nfallback_model = "claude-haiku-5-5"',
            "budgets: fallback_model and fallback belong together: which model answers at a limit, and how much each "
            "person may use of it",
        ),
        ('[claude]\nmodel = ["a"]', "claude.model: found a list; must be a valid string"),
        ("[claude.model]\na = 1", "claude.model: found a table; must be a valid string"),
        (
            '[redis]\ndata_dir = "~nobody-here/x"',
            "redis.data_dir: found '~nobody-here/x'; begins with ~, and there is no home directory",
        ),
        ('[redis]\nserver = "/none"', "redis.server: found '/none'; must name a file that is there"),
        (
            '[discord]\ndirect_messages = "perhaps"',
            "discord.direct_messages: found 'perhaps'; must be true or false",
        ),
        ("[discord]\ndirect_messages = []", "discord.direct_messages: found a list; must be true or false"),
        ('[redis]\ndata_dir = ""', "redis.data_dir: found ''; must name a directory"),
        (
            "[turns]\nheartbeat_s = 7.5",
            "turns: heartbeat_s (7.5) must be less than half of lease_s (6)",
        ),
        ("[history]\nmax_token = 1", "history.max_token: unknown; did you mean history.max_tokens?"),
        ("[histroy]\nmax_tokens = 1", "histroy: unknown; did you mean [history]?"),
        ('model = "x"', "model: unknown; did you mean claude.model?"),
        ("[local]\nzzzz = 1", "local.zzzz: unknown; known there: local.port, local.model_on_discord"),
        ("zzzz = 1", "zzzz: unknown; config.example.toml lists what there is"),
        ("discord = 1", "discord: found a single value; must be a table, written [discord]"),
        ("[discord", "not valid TOML: Expected ']' at the end of a table declaration (at end of document)"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, toml: str, line: str) -> None:
    assert refusal(tmp_path, toml) == f"config.toml: {line}"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("BOT_TURNS__TRIES", "turns.tries: found 'x'; must be a whole number, at least 1, at most 10000"),
        ("BOT_TURNS__TRIE", "unknown; did you mean BOT_TURNS__TRIES?"),
        ("BOT_TURNS_TRIES", "unknown; did you mean BOT_TURNS__TRIES?"),
        ("BOT_DISCORD__TOKEN", "unknown; did you mean DISCORD_TOKEN?"),
        ("BOT_TOKEN", "unknown; did you mean DISCORD_TOKEN?"),
        ("bot_qqqq", "unknown; config.example.toml lists what there is"),
    ],
)
def test_a_wrong_variable_is_refused_in_one_line(tmp_path: Path, name: str, line: str) -> None:
    assert refusal(tmp_path, **{name: "x"}) == f"{name} in the environment: {line}"
    assert refusal(tmp_path, env_file=f"\n{name}=x") == f"{name} in .env, line 2: {line}"


def takes_a_number(path: str) -> bool:
    section, key = keys()[path], path.partition(".")[2]
    annotation: object = section.model_fields[key].annotation
    return annotation in (int, float) or ("int" in str(annotation) and "tuple" not in str(annotation))


NUMBERS = [path for path in keys() if takes_a_number(path)]


@pytest.mark.parametrize("path", NUMBERS)
@pytest.mark.parametrize("absurd", ["-1", "1e18", "1000000000000", "inf"])
def test_no_number_is_without_bounds(tmp_path: Path, path: str, absurd: str) -> None:
    line = refusal(tmp_path, **{f"BOT_{path.replace('.', '__').upper()}": absurd})
    assert f" {path}: found {absurd!r}; must be " in line
    assert len(line.splitlines()) == 1


def test_every_number_is_among_those_that_are_tried() -> None:
    assert {"claude.max_tokens", "turns.lease_s", "reply.max_messages", "telemetry.metrics_port"} <= set(
        NUMBERS
    )


def test_an_impossible_combination_names_every_place_it_was_set_in(tmp_path: Path) -> None:
    line = refusal(tmp_path, "[turns]\nheartbeat_s = 4", BOT_TURNS__LEASE_S="6", BOT_TURNS__TRIES="2")
    assert line == (
        "config.toml and BOT_TURNS__LEASE_S in the environment: "
        "turns: heartbeat_s (4) must be less than half of lease_s (6)"
    )


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    lines = refusal(
        tmp_path, "[local]\nprot = 1\nport = -1", "what is this", BOT_TURNS__TRIES="0"
    ).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        ".env, line 1",
        "config.toml",
        "BOT_TURNS__TRIES in the environment",
        "config.toml",
    ]


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().claude.model = "other"  # type: ignore[misc]


def test_no_two_exits_share_a_number_and_none_is_a_shells() -> None:
    assert all(64 <= code < 126 for code in Exit)
    assert len({int(code) for code in Exit.__members__.values()}) == len(Exit.__members__)
    assert os.EX_CONFIG == Exit.SETTINGS
