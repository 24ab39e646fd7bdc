"""The answers to commands: short, specific, within Discord's limits."""

from __future__ import annotations

import pytest

from bot.gateway import answers
from bot.store.prompts import Scope


@pytest.mark.parametrize(("turns", "said"), [(0, "nothing to forget"), (1, "1 turn."), (7, "7 turns.")])
def test_a_reset_says_how_much_is_gone(turns: int, said: str) -> None:
    assert said in answers.forgotten(turns)


def test_a_short_prompt_is_shown_in_a_block_that_it_cannot_leave() -> None:
    text, files = answers.prompt_shown(Scope.THREAD, "one\n```\ntwo")
    assert text.count("```") == 2
    assert "set for this thread" in text
    assert files == []


@pytest.mark.parametrize("chars", [answers.INLINE_CHARS, answers.INLINE_CHARS + 1, 4000])
def test_a_prompt_of_any_length_fits_into_an_answer(chars: int) -> None:
    for char in "`x":
        text, files = answers.prompt_shown(None, char * chars)
        assert len(text) <= 2000
        assert bool(files) is (char == "`" or chars > answers.INLINE_CHARS)


def test_an_unknown_permission_is_not_named() -> None:
    assert "“" not in answers.missing("")
    assert "“Send Messages”" in answers.missing("Send Messages")
