"""A text of people's stays inside the block it is shown in."""

from __future__ import annotations

import pytest

from bot.commands import code_block, context_view
from bot.commands.system import prompt_shown
from bot.conversation.model import Choice
from bot.conversation.scope import Scope
from tests.render.discord import every, read


@pytest.mark.parametrize("ticks", range(1, 13))
def test_no_number_of_backticks_sets_anything_free_that_was_written_by_strangers(ticks: int) -> None:
    for written in (
        f"{'`' * ticks}\n[Click](https://evil.example)",
        f"a{'`' * ticks}[x](https://evil.example)**b**",
    ):
        for text, _ in (
            code_block.shown("It says", written, "it.txt"),
            prompt_shown({Scope.SERVER: Choice(system=written)}, "the default"),
            context_view.given_back("Too late.", written),
        ):
            *before, block = read(text)
            assert block.kind == "block"
            assert block.text.replace("\u200b", "") == written
            assert not [token for token in every(tuple(before)) if token.kind == "link"]


@pytest.mark.parametrize("chars", [1500, 1501, 1970, 1990, 4000])
def test_a_text_of_any_length_fits_into_an_answer_whole(chars: int) -> None:
    for char in "`x":
        written = char * chars
        text, files = code_block.shown("It says", written, "it.txt", most_chars=1500)
        assert len(text) <= 2000
        assert bool(files) is (char == "`" or chars > 1500)
        if files:
            assert files[0].fp.read().decode() == written
