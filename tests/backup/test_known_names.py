"""Where the names of keys are kept during a backup and a restore."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.backup import known_names
from bot.backup.known_names import KnownNames
from bot.config import Exit
from bot.conversation.errors import StartError


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(StartError, match=r"cannot be written \(No such file or directory\)") as refused,
        KnownNames.beside(tmp_path / "missing" / "file"),
    ):
        pass
    assert refused.value.exit_code == Exit.BACKUP
    assert "\n" not in refused.value.line


def test_a_disk_that_is_full_is_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_names, "SCHEMA", (*known_names.SCHEMA, "pragma max_page_count=8"))
    with (
        pytest.raises(StartError, match="database or disk is full") as refused,
        KnownNames.beside(tmp_path / "file") as names,
    ):
        names.add(f"{{{number}}}:meta" for number in range(10_000))
    assert refused.value.exit_code == Exit.BACKUP
    assert list(tmp_path.iterdir()) == []
