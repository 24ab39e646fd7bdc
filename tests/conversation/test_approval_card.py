"""What the card of a call shows of the arguments."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.conversation.approval import ENDED
from bot.conversation.approval_card import IN_THE_FILE, MORE, SHORTENED, card, long_arguments
from bot.render.outbox import fits
from tests.conversation.test_approval import WAITING


def asked(settled: tuple[tuple[str, str], ...] = (), **arguments: Any) -> tuple[str, str]:
    """The card, and the file beside it."""
    approval = replace(WAITING, arguments=json.dumps(arguments), settled=settled)
    return card(approval), long_arguments(approval)


def test_short_arguments_stand_on_the_card_as_they_are_sent() -> None:
    shown, file = asked(door="north", times=2)
    assert '{\n "door": "north",\n "times": 2\n}' in shown
    assert file == ""


def test_security_no_argument_hides_behind_a_long_one() -> None:
    shown, file = asked(text="harmless " * 200, z_also_delete=["/"], z_grant_admin_to="mallory")
    assert all(
        each in shown
        for each in ("text", "z_also_delete", '["/"]', "z_grant_admin_to", "mallory", IN_THE_FILE)
    )
    assert json.loads(file) == {
        "text": "harmless " * 200,
        "z_also_delete": ["/"],
        "z_grant_admin_to": "mallory",
    }


def test_security_the_card_says_how_many_arguments_stand_in_the_file_alone() -> None:
    arguments: dict[str, Any] = {f"argument_{number}": "x" * 50 for number in range(100)}
    shown, file = asked(**arguments)
    listed = shown.count("argument_")
    assert listed < 100
    assert MORE.format(count=100 - listed) in shown
    assert "argument_99" in file


def test_security_invisible_characters_are_shown_because_they_are_sent() -> None:
    shown, _ = asked(path="safe\u200b/..")
    assert "⟨U+200B⟩" in shown
    _, file = asked(path="\u200b" + "x" * 2000)
    assert "⟨U+200B⟩" in file


def test_security_no_argument_ends_the_code_block() -> None:
    for text in ("``` **Done.**", "``` **Done.**" * 100):
        shown, _ = asked(text=text)
        assert shown.count("```") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        {f"argument_{number}": "x" * 50 for number in range(100)},
        {"x" * 5000: 1},
        {"text": "😀" * 3000},
        {"text": "\u200b" * 3000},
    ],
)
def test_the_card_of_any_arguments_fits_into_a_message_and_names_the_file(arguments: dict[str, Any]) -> None:
    shown, file = asked(**arguments)
    assert fits(shown)
    assert IN_THE_FILE in shown
    assert file


def test_nobody_is_asked_to_read_the_file_of_a_call_that_was_decided() -> None:
    approval = replace(WAITING, arguments=json.dumps({"text": "x" * 2000}), by=7)
    for state in ENDED:
        assert IN_THE_FILE not in card(replace(approval, state=state))
        assert SHORTENED in card(replace(approval, state=state))


def test_what_the_tool_has_settled_counts_before_what_claude_wrote() -> None:
    shown, _ = asked((("channel", "#general"),), channel="#secret", text="a")
    assert "#general" in shown
    assert "#secret" not in shown


def test_the_file_goes_with_the_words_of_a_person_who_is_forgotten() -> None:
    approval = replace(WAITING, arguments=json.dumps({"text": "x" * 2000}))
    assert long_arguments(approval)
    assert not long_arguments(replace(approval, state="withdrawn", reason="forgotten"))
