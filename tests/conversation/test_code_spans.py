"""Where code stands in a message."""

from __future__ import annotations

import pytest

from bot.conversation.code_spans import code_spans


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a `b` c", ["`b`"]),
        ("``a ` b`` `c", ["``a ` b``"]),
        ("```\n<@1>\n``` <@2>", ["```\n<@1>\n```"]),
        (r"\`a` `b`", ["` `"]),
        (r"\\`a`", ["`a`"]),
        ("``` open", []),
        ("`a` b `c`", ["`a`", "`c`"]),
    ],
)
def test_code_goes_from_backticks_to_as_many_backticks(text: str, code: list[str]) -> None:
    assert [text[start:end] for start, end in code_spans(text)] == code


def test_a_thousand_open_runs_are_no_code() -> None:
    assert code_spans(" ".join("`" * length for length in range(1, 1000))) == []
