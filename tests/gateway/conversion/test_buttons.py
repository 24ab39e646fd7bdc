"""The custom ids of the buttons below a reply."""

from __future__ import annotations

import pytest

from bot.gateway.conversion import buttons
from bot.render.controls import Button


@pytest.mark.parametrize(
    "sent", ["", "bobbin", "bobbin:stop", "bobbin:stop:", "bobbin:stop:x", "bobbin:stop:-1", "bobbin:reset:7"]
)
def test_other_custom_ids_are_no_buttons_of_a_reply(sent: str) -> None:
    assert buttons.pressed(sent) is None


def test_custom_ids_name_the_button_and_the_turn() -> None:
    assert buttons.custom_id(Button.STOP, 77) == "bobbin:stop:77"
    assert buttons.pressed("bobbin:regenerate:77") == (Button.REGENERATE, 77)
