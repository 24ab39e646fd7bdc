"""The answers to commands: short, specific, within Discord's limits."""

from __future__ import annotations

import pytest

from bot.commands import answers, context_view
from bot.conversation.model import Choice
from bot.store.scoped_overrides import Scope
from tests.render.discord import every, read


@pytest.mark.parametrize(("turns", "said"), [(0, "nothing to forget"), (1, "1 turn."), (7, "7 turns.")])
def test_a_reset_says_how_much_is_gone(turns: int, said: str) -> None:
    assert said in answers.forgotten(turns)


def test_a_short_prompt_is_shown_in_a_block_that_it_cannot_leave() -> None:
    text, files = answers.prompt_shown({Scope.THREAD: Choice(system="one\n```\ntwo")}, "the default")
    assert text.count("```") == 2
    assert "set for this thread" in text
    assert files == []


def test_no_answer_names_the_prefix_that_a_setting_may_change_or_switch_off() -> None:
    told = {name: text for name, text in vars(answers).items() if name.isupper() and isinstance(text, str)}
    assert told
    assert [name for name, text in told.items() if "//" in text] == []


@pytest.mark.parametrize("ticks", range(1, 13))
def test_no_number_of_backticks_sets_anything_free_that_was_written_by_strangers(ticks: int) -> None:
    for written in (
        f"{'`' * ticks}\n[Click](https://evil.example)",
        f"a{'`' * ticks}[x](https://evil.example)**b**",
    ):
        shown, _ = answers.prompt_shown({Scope.SERVER: Choice(system=written)}, "the default")
        corrected, _ = context_view.given_back("Too late.", written)
        for text in (shown, corrected):
            *before, block = read(text)
            assert block.kind == "block"
            assert block.text.replace("\u200b", "") == written
            assert not [token for token in every(tuple(before)) if token.kind == "link"]


@pytest.mark.parametrize(
    ("by_scope", "prompt", "where"),
    [
        ({}, "the default", "the default of this bot"),
        (
            {Scope.CHANNEL: Choice(), Scope.SERVER: Choice(model="m")},
            "the default",
            "the default of this bot",
        ),
        (
            {
                Scope.THREAD: Choice(effort="low"),
                Scope.CHANNEL: Choice(system="b"),
                Scope.SERVER: Choice(system="c"),
            },
            "b",
            "set for this channel",
        ),
        ({Scope.CHANNEL: Choice(), Scope.SERVER: Choice(system="c")}, "c", "set for this server"),
    ],
)
def test_the_narrowest_prompt_is_shown_with_the_place_where_it_was_set(
    by_scope: dict[Scope, Choice], prompt: str, where: str
) -> None:
    text, _ = answers.prompt_shown(by_scope, "the default")
    assert text == f"The prompt in force here ({where}):\n```text\n{prompt}\n```"


@pytest.mark.parametrize("chars", [answers.INLINE_CHARS, answers.INLINE_CHARS + 1, 4000])
def test_a_prompt_of_any_length_fits_into_an_answer(chars: int) -> None:
    for char in "`x":
        text, files = answers.prompt_shown({}, char * chars)
        assert len(text) <= 2000
        assert bool(files) is (char == "`" or chars > answers.INLINE_CHARS)


def test_an_unknown_permission_is_not_named() -> None:
    assert "“" not in answers.missing("")
    assert "“Send Messages”" in answers.missing("Send Messages")


@pytest.mark.parametrize(
    ("said", "rights"),
    [
        (answers.NOT_YOURS, ("Manage Messages", "Manage Threads", "Manage Server")),
        (answers.MAY_NOT_RESET, ("Manage Threads", "Manage Server")),
        (answers.MAY_NOT_SET[Scope.THREAD], ("Manage Threads", "Manage Server")),
    ],
)
def test_who_may_not_is_told_every_permission_that_would_do(said: str, rights: tuple[str, ...]) -> None:
    assert all(f"“{right}”" in said for right in rights)
