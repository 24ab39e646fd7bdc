"""Whose conversation /reset forgets: that of the place where its button is pressed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.commands import answers, reset
from bot.commands.access import Person
from bot.commands.invocation import Invocation
from bot.commands.reset import RESET_ID, Forgetting
from bot.conversation.clock import Clock

HERE, ELSEWHERE = 11, 22


class Store:
    """Notes which conversations it was told to forget."""

    def __init__(self) -> None:
        self.forgotten: list[int] = []

    async def reset(self, conversation: int, **_: object) -> tuple[int, list[int]]:
        """Forget a conversation."""
        self.forgotten.append(conversation)
        return 1, []

    async def halt(self, _: int) -> None:
        """Stop the turn."""

    def wake(self, _: int) -> None:
        """Look again."""

    async def own_messages(self, *_: object) -> list[object]:
        """List what the bot has said."""
        return []


class Pressed:
    """An interaction that only notes what becomes of it."""

    def __init__(self) -> None:
        self.id = 99
        self.channel, self.client = None, SimpleNamespace(user=None)
        self.said: list[str] = []
        self.response = SimpleNamespace(defer=self._defer)

    async def _defer(self) -> None:
        pass


@pytest.mark.parametrize("conversation", [HERE, None])
async def test_the_target_in_a_custom_id_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch, conversation: int | None
) -> None:
    starter = Person(
        is_direct=False, started_it=True, manages_threads=False, manages_server=False, manages_messages=False
    )

    async def resolve_invocation(*_: object) -> Invocation:
        return Invocation(conversation, 1, 2, starter)

    async def tell(interaction: Any, text: str) -> None:
        interaction.said.append(text)

    monkeypatch.setattr(reset, "resolve_invocation", resolve_invocation)
    monkeypatch.setattr(reset, "say", tell)
    monkeypatch.setattr(reset, "conclude", tell)
    monkeypatch.setattr(reset, "ARRIVED_S", ())
    store, pressed = Store(), Pressed()
    room = Forgetting(cast("Any", store), cast("Any", store), cast("Any", store), Clock())
    assert await room.pressed(cast("discord.Interaction[Any]", pressed), f"{RESET_ID}:{ELSEWHERE}")
    assert store.forgotten == ([] if conversation is None else [HERE])
    assert pressed.said == [answers.NOT_A_CONVERSATION if conversation is None else answers.forgotten(1)]
