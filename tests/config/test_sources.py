"""Where settings come from: files and variables, and which of them wins."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import (
    ClaudeSettings,
    Settings,
    load,
)
from bot.config.setting_keys import VARIABLES
from bot.conversation.errors import StartError
from tests.config.stage import ROOT, read, refusal


def test_nothing_configured_gives_the_defaults(tmp_path: Path) -> None:
    assert load(directory=tmp_path, environ={}) == Settings()


def test_the_environment_wins_over_the_env_file_which_wins_over_the_toml_file(tmp_path: Path) -> None:
    toml = '[claude]\nmodel = "toml"\neffort = "low"\nmax_tokens = 1'
    settings = read(
        tmp_path, toml, "BOT_CLAUDE__MODEL=file\nBOT_CLAUDE__EFFORT=high", BOT_CLAUDE__MODEL="environment"
    )
    assert settings.claude == ClaudeSettings(model="environment", effort="high", max_tokens=1)


def test_the_four_names_every_host_knows_set_their_keys(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        env_file="DISCORD_TOKEN=from-file\nREDIS_URL='redis://:p@h'\nOTHER_PROGRAM=1",
        DISCORD_TOKEN=" from-environment\n",
        ANTHROPIC_API_KEY="key",
        ANTHROPIC_BASE_URL="http://127.0.0.1:1",
        PATH="/bin",
    )
    assert settings.discord.token is not None
    assert settings.discord.token.get_secret_value() == "from-environment"
    assert settings.claude.api_key is not None
    assert settings.claude.base_url == "http://127.0.0.1:1"
    assert settings.redis.url is not None
    assert settings.redis.url.get_secret_value() == "redis://:p@h"


@pytest.mark.parametrize("name", VARIABLES.values())
def test_an_empty_value_of_the_four_counts_as_not_set(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, env_file=f"{name}=", **{name: " "}) == Settings()


def test_an_empty_value_in_the_environment_lets_the_weaker_source_speak(tmp_path: Path) -> None:
    settings = read(tmp_path, env_file="ANTHROPIC_BASE_URL=http://h", ANTHROPIC_BASE_URL="")
    assert settings.claude.base_url == "http://h"


@pytest.mark.parametrize(
    ("name", "text", "path", "value"),
    [
        ("BOT_REPLY__THREAD_AUTO_ARCHIVE_MINUTES", "60", "reply.thread_auto_archive_minutes", 60),
        ("BOT_DISCORD__DIRECT_MESSAGES", "no", "discord.direct_messages", False),
        ("BOT_TELEMETRY__METRICS_PORT", "9090", "telemetry.metrics_port", 9090),
        ("BOT_TELEMETRY__METRICS_PORT", "", "telemetry.metrics_port", None),
        ("BOT_REPLY__IGNORE_PREFIX", "", "reply.ignore_prefix", None),
        ("BOT_TURNS__POLL_S", "0.5", "turns.poll_s", 0.5),
        ("BOT_REDIS__DATA_DIR", "~/x", "redis.data_dir", Path.home() / "x"),
    ],
)
def test_every_kind_of_value_can_come_from_a_variable(
    tmp_path: Path, name: str, text: str, path: str, value: object
) -> None:
    section, key = path.split(".")
    assert getattr(getattr(read(tmp_path, **{name: text}), section), key) == value


def test_a_named_file_is_read_wherever_it_is_named(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[local]\nport = 1", encoding="utf-8")
    assert load(other, environ={}, directory=tmp_path).local.port == 1
    assert read(tmp_path, "[local]\nport = 2", BOT_CONFIG=str(other)).local.port == 1
    assert read(tmp_path, "[local]\nport = 2", env_file="BOT_CONFIG=other.toml").local.port == 1
    assert load(Path("config.toml"), environ={"BOT_CONFIG": str(other)}, directory=tmp_path).local.port == 2


def test_the_data_directory_follows_the_home_of_data() -> None:
    script = "from bot.config import Settings; print(Settings().redis.data_dir)"

    def data_dir(**environ: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script], env=environ, cwd=ROOT, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    assert data_dir(HOME="/home/ada", XDG_DATA_HOME="/data") == "/data/bobbin"
    assert data_dir(HOME="/home/ada", XDG_DATA_HOME="relative") == "/home/ada/.local/share/bobbin"
    assert data_dir(HOME="/home/ada") == "/home/ada/.local/share/bobbin"


@pytest.mark.parametrize(
    "text",
    ["claude-a,claude-b", " claude-a , claude-b,", '["claude-a", "claude-b"]', ' [ "claude-a","claude-b" ] '],
)
def test_a_list_can_be_given_in_a_variable_in_either_way(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, BOT_CLAUDE__MODELS=text).claude.models == ("claude-a", "claude-b")


def test_a_table_can_be_given_in_a_variable_as_json(tmp_path: Path) -> None:
    settings = read(tmp_path, BOT_CLAUDE__PRICES='{"claude-x": {"input": 0.1, "output": 2}}')
    assert str(settings.claude.prices["claude-x"].input) == "0.1"
    assert read(tmp_path, BOT_CLAUDE__PRICES="").claude.prices == {}
    line = refusal(tmp_path, BOT_CLAUDE__PRICES="claude-x=1")
    assert line == (
        "BOT_CLAUDE__PRICES in the environment: claude.prices: found 'claude-x=1'; must be a JSON object"
    )


def test_a_named_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"^gone\.toml: no such file"):
        load(Path("gone.toml"), environ={}, directory=tmp_path)
    assert refusal(tmp_path, BOT_CONFIG="gone.toml").startswith("gone.toml: no such file")


def test_a_directory_in_place_of_the_file_is_called_a_directory(tmp_path: Path) -> None:
    line = refusal(tmp_path, BOT_CONFIG=str(tmp_path))
    assert line == f"{tmp_path}: is a directory; name a file with --config or BOT_CONFIG"


def test_a_named_file_that_is_not_text_is_named_with_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "bobbin.toml"
    file.parent.mkdir()
    file.write_bytes(b"\xff\xfe")
    assert refusal(tmp_path, BOT_CONFIG=str(file)) == f"{file}: cannot be read: not UTF-8"


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(StartError, match=r"^config\.toml: cannot be read: not UTF-8$"):
        load(environ={}, directory=tmp_path)
