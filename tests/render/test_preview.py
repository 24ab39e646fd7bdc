"""The growing message while a reply streams."""

from __future__ import annotations

import pytest

from tests.render.laid_out import shown


@pytest.mark.parametrize(
    "text", ["look for a*.py files", "snake_case_name and x_1", "so 2 * 3 ** 4 here", "call f(*args) now"]
)
def test_what_is_no_emphasis_is_not_closed_while_it_streams(text: str) -> None:
    for end in range(1, len(text)):
        if text[end - 1].isalnum() and "(*" not in text[:end]:
            assert shown(text[:end]) == (text[:end],)


def test_what_streams_shows_no_open_marker() -> None:
    assert shown("some **bo") == ("some **bo**",)
    assert shown("some **bold *and it") == ("some **bold *and it***",)
    assert shown("some **") == ("some",)
    assert shown("some **bold*") == ("some **bold**",)
    assert shown("a ||secr") == ("a ||secr||",)
    assert shown("run `ls -") == ("run `ls -`",)
    assert shown("2 * 3 and snake_ca") == ("2 * 3 and snake_ca",)


def test_what_streams_shows_a_link_only_when_it_is_one() -> None:
    assert shown("see [the la") == ("see",)
    assert shown("see [the label](https://exam") == ("see",)
    assert shown("see [the label](https://example.com) a") == ("see [the label](https://example.com) a",)
    assert shown("x[0] = 1") == ("x[0] = 1",)


def test_what_streams_shows_a_code_block_when_it_holds_something() -> None:
    assert shown("Look:\n\n``") == ("Look:",)
    assert shown("Look:\n\n```pyth") == ("Look:",)
    assert shown("Look:\n\n```python\n") == ("Look:",)
    assert shown("Look:\n\n```python\nx") == ("Look:\n\n```python\nx\n```",)
    assert shown("```python\nx = 1\n``") == ("```python\nx = 1\n```",)


def test_what_streams_shows_no_lone_markers_of_lists_headings_and_quotes() -> None:
    for start in ("- ", "1.", "## ", "> ", "- **", "* "):
        assert shown(f"Words\n\n{start}") == ("Words",), start
