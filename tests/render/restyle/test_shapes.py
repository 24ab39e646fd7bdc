"""What the beginning of a line shows it to be."""

from __future__ import annotations

import pytest

from bot.render.restyle.shapes import RULE, label, lead_of, may_become_block, quote_of, reference, rule


def may(line: str) -> bool:
    return may_become_block(line, lead_of(line, quote_of(line)))


@pytest.mark.parametrize(
    "line",
    ["> ", "- ", "12", "--", "* *", "`", "~~", "####", "|", "- [", "- [x]", "==", "> -"],
)
def test_a_line_waits_while_it_may_become_a_block(line: str) -> None:
    assert may(line)


@pytest.mark.parametrize("line", ["x", "- x", "####### ", "[x]", "- [a", "12x", "> x", "--x", "|a", "[^a"])
def test_a_line_of_text_waits_no_longer(line: str) -> None:
    assert not may(line)


def test_a_lead_ends_where_the_content_begins() -> None:
    line = ">  - 1. text"
    lead = lead_of(line, quote_of(line))
    assert (lead.quote, lead.bullets, line[lead.width :]) == (">", "- 1. ", "text")


def test_equals_signs_are_a_rule_below_text_alone() -> None:
    assert rule("===", below_text=True) == "═" * 10
    assert rule("===", below_text=False) == ""
    assert rule("* * *", below_text=False) == RULE
    assert rule("==", below_text=True) == ""


@pytest.mark.parametrize(
    ("content", "item", "found"),
    [
        ("[ ] open", True, ("☐", 3)),
        ("[X] done", True, ("☑", 3)),
        ("[x] text", False, ("", 0)),
        ("[^12]: note", False, ("", 0)),
    ],
)
def test_a_task_has_its_box_and_a_note_stays_as_written(
    content: str, item: bool, found: tuple[str, int]
) -> None:
    assert label(content, item=item) == found


def test_a_line_may_define_a_link() -> None:
    assert reference("[A b]: <https://e.x/y> title") == ("a b", "https://e.x/y")
    assert reference("[^1]: https://e.x") is None
    assert reference("[a]: nowhere") is None
