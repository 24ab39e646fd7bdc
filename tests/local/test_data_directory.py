"""A data directory that cannot be used is refused with the setting's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.local.data_directory import DataDirectory


@pytest.mark.parametrize("below", ["", "data", "data/deeper"])
def test_a_file_in_place_of_the_directory_is_named_as_a_file(tmp_path: Path, below: str) -> None:
    file = tmp_path / "passwd"
    file.write_text("a file", encoding="ascii")
    with pytest.raises(StartError) as caught:
        DataDirectory(file / below).take_lock()
    assert caught.value.line == (f"redis.data_dir (BOT_REDIS__DATA_DIR): {file} is a file; name a directory")
    assert caught.value.exit_code == Exit.DATA_DIR_UNUSABLE
