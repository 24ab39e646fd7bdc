"""The files that init writes are read as they were meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import load
from bot.doctor.config_files import env_text, toml_text, write_private

PRINTABLE = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1)


@given(PRINTABLE)
def test_every_secret_is_read_as_it_was_given(tmp_path_factory: pytest.TempPathFactory, secret: str) -> None:
    directory = tmp_path_factory.mktemp("env", numbered=True)
    write_private(directory / ".env", env_text({"ANTHROPIC_API_KEY": f"k{secret}k"}))
    key = load(directory=directory, environ={}).claude.api_key
    assert key is not None
    assert key.get_secret_value() == f"k{secret}k"


def test_values_of_the_usual_characters_have_no_quotes_which_docker_would_take_for_a_part_of_them() -> None:
    values = {
        "DISCORD_TOKEN": "MTE4.Gh-x_9.a0",
        "ANTHROPIC_API_KEY": "sk-ant-api03-x_9",
        "REDIS_URL": "rediss://u:p%40@h:6379/0?a=1",
    }
    lines = env_text(values).splitlines()[1:]
    assert lines == [f"{name}={value}" for name, value in values.items()]
    assert env_text({"A": "a b"}).endswith("A='a b'\n")


def test_settings_are_grouped_by_section(tmp_path: Path) -> None:
    write_private(tmp_path / "config.toml", toml_text({"claude.model": 'a"b', "claude.effort": "low"}))
    assert (
        (tmp_path / "config.toml")
        .read_text(encoding="utf-8")
        .endswith('\n[claude]\nmodel = "a\\"b"\neffort = "low"\n')
    )


def test_a_file_is_replaced_as_a_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("old", encoding="ascii")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text(encoding="ascii") == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
