"""Indented code."""

from __future__ import annotations

import pytest

from bot.render.part import TextFile
from bot.render.style import Style
from tests.render.restyle.stage import files, restyle


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        (
            "Run:\n\n    echo $a $b\n    x = <b>y</b>\n\n\n      # *z*\n\nThen $x$",
            "Run:\n\n```\necho $a $b\nx = <b>y</b>\n\n\n  # *z*\n```\n\nThen x",
        ),
        ("\tf(*a, *b)\n \t\n\t```\nend", "```\nf(*a, *b)\n\n``\u200b`\n```\nend"),
        ("- a\n\n    more\n\nNow\n\n    code_", "- a\n\n    more\n\nNow\n\n```\ncode_"),
        (
            "text\n    goes on\n\n    - a list\n    - of two",
            "text\n    goes on\n\n    - a list\n    - of two",
        ),
    ],
)
def test_indented_code_becomes_a_block(markdown: str, shown: str) -> None:
    assert restyle(markdown) == shown


def test_long_indented_code_becomes_a_file() -> None:
    code = "".join(f"line {number}\n" for number in range(30))
    indented = "".join(f"    {line}\n" for line in code.splitlines())
    style = Style(code_file_lines=20)
    assert files(f"Look:\n\n{indented}\nEnd", style) == [TextFile("code.txt", code)]
    assert restyle(f"Look:\n\n{indented}\nEnd", style).endswith("`code.txt`.\n\nEnd")
