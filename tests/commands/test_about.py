"""The buttons for consent, where Discord refuses to edit their message."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord

from bot.commands.about import About
from tests.commands import services
from tests.commands.test_interactions import Pressed, failure

ANN = 1


class Held:
    """Stands in for the consents and the messages that wait for them, and notes the calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def agree(self, person: int, _at_ms: int) -> None:
        assert person == ANN
        self.calls.append("agree")

    async def accept(self, person: int) -> None:
        assert person == ANN
        self.calls.append("accept")

    async def withdraw(self, person: int) -> None:
        assert person == ANN
        self.calls.append("withdraw")


class PressedByAnn(Pressed):
    """A button whose message Discord does not edit."""

    def __init__(self) -> None:
        super().__init__(failure(discord.NotFound, 404))
        self.user = SimpleNamespace(id=ANN)
        self.response = SimpleNamespace(defer=self._defer)

    async def _defer(self) -> None:
        """Answer later."""


async def test_what_a_button_has_stored_is_not_told_as_a_failure_where_its_message_cannot_be_edited() -> None:
    held = Held()
    about = About(services(consents=held, held_messages=held))
    for press in (about.agree, about.withdraw):
        await press(cast("Any", PressedByAnn()))
    assert held.calls == ["agree", "accept", "withdraw"]
