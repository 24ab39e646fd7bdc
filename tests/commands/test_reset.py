"""Whose conversation /reset forgets: that of the place where its button is pressed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.commands import reset
from bot.commands.invocation import NOT_A_CONVERSATION, Invocation
from bot.commands.permission_rules import Person
from bot.commands.reset import Reset, forgotten
from bot.conversation.audit import Actor
from bot.conversation.clock import Clock
from tests.commands import services

HERE = 11


class Store:
    """Notes which conversations it was told to forget."""

    def __init__(self) -> None:
        self.forgotten: list[int] = []

    async def reset(self, conversation: int, **_: object) -> tuple[int, list[int]]:
        """Forget a conversation."""
        self.forgotten.append(conversation)
        return 1, []

    async def note(self, actor: Actor, *_: object, before: str, after: str) -> None:
        """Note the act."""
        assert (actor.person, before, after) == (1, "1", "")

    async def halt(self, _: int) -> None:
        """Stop the turn."""

    def wake(self, _: int) -> None:
        """Look again."""

    async def look_soon(self, _: int) -> None:
        """Look after the calls that wait."""


class Pressed:
    """A button of the question that is pressed; its custom id plays no part."""

    def __init__(self) -> None:
        self.id = 99
        self.channel, self.client = None, SimpleNamespace(user=None)
        self.said: list[str] = []
        self.response = SimpleNamespace(defer=self._defer)

    async def _defer(self) -> None:
        pass


@pytest.mark.parametrize("conversation", [HERE, None])
async def test_the_conversation_where_the_button_is_pressed_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, conversation: int | None
) -> None:
    starter = Person(is_direct=False, is_starter=True, manages_threads=False, manages_server=False)

    async def resolve_invocation(*_: object) -> Invocation:
        return Invocation(conversation, 1, 2, starter, Actor(2, 1, 9))

    async def tell(interaction: Any, text: str) -> None:
        interaction.said.append(text)

    monkeypatch.setattr(reset, "resolve_invocation", resolve_invocation)
    monkeypatch.setattr(reset, "say", tell)
    monkeypatch.setattr(reset, "update_message", tell)
    monkeypatch.setattr(reset, "SWEEPS_S", ())
    store, pressed = Store(), Pressed()
    feature = Reset(
        services(
            conversations=store,
            dispatcher=store,
            outbox=store,
            clock=Clock(),
            audit_log=store,
            approvals=store,
        )
    )
    await feature.confirm(cast("Any", pressed))
    assert store.forgotten == ([] if conversation is None else [HERE])
    assert pressed.said == [NOT_A_CONVERSATION if conversation is None else forgotten(1)]


@pytest.mark.parametrize(("turns", "said"), [(0, "nothing to forget"), (1, "1 turn."), (7, "7 turns.")])
def test_a_reset_says_how_much_is_gone(turns: int, said: str) -> None:
    assert said in forgotten(turns)
