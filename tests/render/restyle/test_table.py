"""Tables as a part of a reply."""

from __future__ import annotations

import re

import pytest

from bot.render.restyle.table import PHONE_COLUMNS
from tests.render.discord import styled
from tests.render.restyle.stage import early, restyle


def test_a_table_becomes_an_aligned_block() -> None:
    table = "| Name | Größe |\n|:--|--:|\n| **Ann** | 7 |\n| `x` and [y](https://e.x) | 1234 |\nAfter."
    assert restyle(table).split("\n") == [
        "```",
        "Name                   Größe",
        "─────────────────────  ─────",
        "Ann                        7",
        "x and y (https://e.x)   1234",
        "```",
        "After.",
    ]


def test_columns_are_aligned_by_what_characters_are_wide() -> None:
    table = "| a | b |\n|---|---|\n| 日本語 | x |\n| 👨‍👩‍👧‍👦 | x |\n| ❤️ | x |\n| e\u0301 | x |\n"
    rows = restyle(table).split("\n")[3:-2]
    assert rows == ["日本語  x", "👨‍👩‍👧‍👦      x", "❤️      x", "e\u0301       x"]


def test_a_table_without_outer_bars_is_a_table() -> None:
    assert restyle("a | b\n--- | :-:\n1 | 2\n\nend") == "```\na  b\n─  ─\n1  2\n```\n\nend"
    assert restyle("either | or\nis no table") == "either | or\nis no table"


def test_a_table_too_wide_for_a_phone_becomes_records() -> None:
    wide = "x" * PHONE_COLUMNS
    table = f"| Name | **What** |\n|---|---|\n| Ann | *{wide}* |\n| Bob | |\n"
    assert restyle(table) == f"**Name:** Ann\n**What:** *{wide}*\n\n**Name:** Bob\n**What:** –\n"


def test_four_narrow_columns_stay_a_table() -> None:
    table = (
        "| Planet | Moons | Day (hours) | Nickname |\n|---|---|---|---|\n"
        "| Mercury | 0 | 4222.6 | Swift Planet |\n| Venus | 0 | 2802 | Morning Star |\n"
    )
    assert restyle(table).split("\n")[:2] == ["```", "Planet   Moons  Day (hours)  Nickname"]


def test_a_table_in_a_quote_or_a_list_stays_there() -> None:
    assert (
        restyle("> | a | b |\n> |---|---|\n> | 1 | 2 |\nend") == "> ```\n> a  b\n> ─  ─\n> 1  2\n> ```\nend"
    )
    assert restyle("- item\n  | a | b |\n  |---|---|\n  | 1 | 2 |\n") == (
        "- item\n  ```\n  a  b\n  ─  ─\n  1  2\n  ```\n"
    )


def test_cells_may_hold_bars_line_breaks_and_formulas() -> None:
    table = "| a | b |\n|---|---|\n| x \\| y | 1<br>2 |\n| $x^2$ | &lt; |\n"
    assert restyle(table) == "```\na      b\n─────  ─\nx | y  1\n       2\nx²     <\n```\n"


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("| `a || b` | or |", ["a || b", "or"]),
        ("| `a | b` | `c|d` |", ["a | b", "c|d"]),
        ("| ``a ` | b`` | x |", ["a ` | b", "x"]),
        ("| a ` b | c ` d |", ["a ` b", "c ` d"]),
        ("| `a` | `b | c |", ["a", "`b | c"]),
    ],
)
def test_a_bar_in_code_is_no_border_where_the_row_would_be_too_long(row: str, cells: list[str]) -> None:
    below = restyle(f"| x | y |\n|---|---|\n{row}\n").split("\n")
    header = restyle(f"{row}\n|---|---|\n| x | y |\n").split("\n")
    assert [re.split(" {2,}", line) for line in (below[3], header[1])] == [cells, cells]
    assert len(below) == len(header) == len(["```", "header", "rule", "row", "```", ""])


def test_what_looks_like_a_table_in_code_is_code() -> None:
    text = "```\n| a | b |\n|---|---|\n| 1 | 2 |\n```\n"
    assert restyle(text) == text


def test_a_table_is_held_back_until_it_is_over_and_no_longer() -> None:
    assert early("Look:\n| a | b |\n|---|---|\n| 1 | 2 |\n") == "Look:\n"
    assert early("| a | b |\n|---|---|\n| 1 | 2 |\n\n").endswith("```\n\n")
    assert early("| a | b |\n|---|---|\n| 1 | 2 |\nT").startswith("```\na  b")
    assert early("| no table\nx").startswith("| no table\n")


def test_a_table_that_becomes_records_in_a_quote_leaves_the_quote_whole() -> None:
    wide = "x" * PHONE_COLUMNS
    (quote,) = styled(restyle(f"> | Name | What |\n> |---|---|\n> | Ann | {wide} |\n> | Bob | y |"), "quote")
    assert quote == f"**Name:** Ann\n**What:** {wide}\n\n**Name:** Bob\n**What:** y"
