"""What cannot be replayed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.conversation.errors import StartError
from bot.support.replay import replay

HUGE = [{"calls": [{"tool": "time_in", "request": 0, "ms": 10**400}], "requests": [{"end": "tool_use"}]}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not a bundle"),
        ("{}", "is not a bundle"),
        (json.dumps({"bobbin_bundle": 1, "journal": None}), "make it with --turn"),
        (json.dumps({"bobbin_bundle": 2, "journal": {"entry": [{"turn": 5}]}}), "cannot be read"),
        ('{"bobbin_bundle": 2, "journal": {"files": [[{"bytes": 1e999}]]}}', "cannot be read"),
        ('{"bobbin_bundle": 2, "journal": {"turn": "\\ud800"}}', "is not a bundle"),
        (json.dumps({"bobbin_bundle": 2, "journal": {"timeline": HUGE}}), "cannot be read"),
        (json.dumps({"bobbin_bundle": 2, "journal": {"earlier": [{"turn": 5}]}}), "cannot be read"),
        ("[" * 100_000, "is not a bundle"),
    ],
)
async def test_a_file_without_a_turn_is_refused_in_one_line(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "bundle").write_text(content)
    with pytest.raises(StartError, match=said):
        await replay(tmp_path / "bundle")
