"""Markup that is open at a split."""

from __future__ import annotations

import pytest

from bot.render.layout import Layout
from tests.render.discord import stray, styled
from tests.render.laid_out import CLINGING, LOREM, parts
from tests.render.test_layout import open_fence


@pytest.mark.parametrize("text", CLINGING)
def test_emphasis_that_has_ended_is_not_reopened_in_the_next_message(text: str) -> None:
    cut = parts(text + "然后再继续执行下面的步骤，并检查每一个文件是否完整；" * 30, 200)
    assert len(cut) > 2
    assert not any(stray(part) for part in cut)
    assert [
        styled(part, kind) for part in cut[1:] for kind in ("strong", "em", "s") if styled(part, kind)
    ] == []


def test_emphasis_longer_than_a_message_is_closed_and_reopened() -> None:
    cut = parts("**" + "bold words " * 40 + "end**", 200)
    assert all(part.startswith(("**bold", "**words")) and part.endswith("**") for part in cut)


def test_a_spoiler_longer_than_a_message_stays_hidden() -> None:
    cut = parts("||" + "secret words " * 40 + "end||", 200)
    assert all(part.startswith(("||secret", "||words")) and part.endswith("||") for part in cut)


def test_a_marker_that_is_never_closed_changes_nothing_when_its_paragraph_ends() -> None:
    text = "*a footnote\n\n" + LOREM * 2
    assert "".join(parts(text, 160)).count("*") == 1


UNCLOSED = "\n*" + "x" * 130 + "\n" + "a " * 20


@pytest.mark.parametrize("below", ["```js\n```", "```js\nx\n```", "- b\n- c", "> b", "# b", "b *c"])
def test_a_marker_that_is_not_closed_in_the_next_message_closes_behind_no_other_paragraph(below: str) -> None:
    text = f"{UNCLOSED}\n\n{below}"
    first, second = parts(text, 160)
    assert second == f"{'a ' * 20}\n\n{below}"
    assert first.endswith("x*")
    draft = Layout(160)
    for char in text:
        draft.push(char)
        assert not any(open_fence(part) for part in draft.texts)
    draft.finish()
    assert draft.texts == (first, second)


def test_a_marker_that_is_not_closed_in_the_last_message_is_closed_there() -> None:
    assert parts(UNCLOSED, 160)[1] == f"*{('a ' * 20).strip()}*"


def test_a_marker_before_a_code_block_that_holds_nothing_opens_nothing() -> None:
    text = "\n*" + "x" * 130 + "\na\n\n```js\n```"
    draft = Layout(160)
    for char in text:
        draft.push(char)
        assert not any(open_fence(part) for part in draft.texts)
    draft.finish()
    assert draft.texts == (text.strip(),)
