"""Usage as a table that no spreadsheet runs."""

from __future__ import annotations

import pytest

from bot.conversation.usage_csv import neutral


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Ann", "Ann"),
        ("a;b - c=d", "a;b - c=d"),
        ('=HYPERLINK("x")', '\'=HYPERLINK("x")'),
        ("  @cmd", "'@cmd"),
        ("x;=1+1", "x;'=1+1"),
        ("x; -1|@y", "x;' -1|'@y"),
        ("\t=1", "'=1"),
    ],
)
def test_security_a_name_is_no_formula_whichever_character_ends_a_cell(name: str, written: str) -> None:
    assert neutral(name) == written
