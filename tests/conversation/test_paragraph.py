"""Texts with a call between them are parted by one blank line."""

from __future__ import annotations

import pytest

from bot.conversation.paragraph import as_paragraph


@pytest.mark.parametrize("behind", ["I look.", "I look.\n", "I look.\n\n"])
@pytest.mark.parametrize("text", ["Done.", "\nDone.", "\n\nDone."])
def test_one_blank_line_parts_two_texts_whoever_has_written_it(behind: str, text: str) -> None:
    assert behind + as_paragraph(behind, text) == "I look.\n\nDone."


def test_line_breaks_alone_are_no_paragraph() -> None:
    assert as_paragraph("I look.", "\n") == ""
    assert as_paragraph("I look.\n\n\n", "Done.") == "Done."
