"""Settings that are read from a directory of the test's own."""

from pathlib import Path

import pytest

from bot.config import (
    Exit,
    Settings,
    load,
)
from bot.conversation.errors import StartError

ROOT = Path(__file__).parents[2]


def read(directory: Path, toml: str = "", env_file: str = "", **environ: str) -> Settings:
    (directory / "config.toml").write_text(toml, encoding="utf-8")
    (directory / ".env").write_text(env_file, encoding="utf-8")
    return load(directory=directory, environ=environ)


def refusal(directory: Path, toml: str = "", env_file: str = "", **environ: str) -> str:
    with pytest.raises(StartError) as caught:
        read(directory, toml, env_file, **environ)
    assert caught.value.exit_code == Exit.SETTINGS
    return caught.value.line
