"""The files `config.example.toml` and `.env.example`."""

import re
import tomllib
from pathlib import Path

import pytest

from bot.config import (
    Settings,
)
from bot.config.setting_keys import VARIABLES, keys
from tests.config.stage import ROOT, read

EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8")


def uncommented() -> str:
    return re.sub(r"^#(?=\S)", "", EXAMPLE, flags=re.MULTILINE)


def test_the_example_as_it_is_sets_nothing(tmp_path: Path) -> None:
    assert all(table == {} for table in tomllib.loads(EXAMPLE).values())


def test_the_example_names_every_key_once_in_the_order_of_the_code() -> None:
    tables = tomllib.loads(uncommented())
    assert [f"{section}.{key}" for section, table in tables.items() for key in table] == list(keys())


def test_the_example_uncommented_is_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert read(tmp_path, uncommented()) == Settings()


def test_every_key_of_the_example_is_explained() -> None:
    lines = EXAMPLE.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"#\w+ = ", line):
            assert lines[number - 1].startswith("# "), line


def test_the_example_env_file_holds_the_four_names_and_sets_nothing(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert re.findall(r"^(\w+)=", text, flags=re.MULTILINE) == list(VARIABLES.values())
    assert read(tmp_path, env_file=text) == Settings()
