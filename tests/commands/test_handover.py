"""What /handover says where another handover, or a first try of its own, has come before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.commands import handover
from bot.commands.handover import HANDED_OVER, OVERTAKEN, Handover
from bot.commands.invocation import Invocation
from bot.commands.permission_rules import Person
from bot.conversation.access_rules import AccessDefaults
from bot.conversation.audit import Actor
from bot.conversation.scope import Scope
from bot.store.claim import Meta
from tests.commands import services
from tests.commands.answers import deferred, heard

THREAD, HEIR, OTHER, COMMAND = 11, 71, 72, 500


class Store:
    """Refuses the handover, and holds what the conversation is before and afterwards; keeps what is noted."""

    def __init__(self, *metas: Meta) -> None:
        self._metas = list(metas)
        self.noted: list[str] = []

    async def meta(self, _conversation: int) -> Meta:
        """Return the conversation as it is by now."""
        return self._metas.pop(0)

    async def hand_over(self, _conversation: int, _person: int, _at: int) -> bool:
        """Refuse."""
        return False

    async def by_scope(self, **_: object) -> dict[Scope, dict[str, Any]]:
        """No settings."""
        return {scope: {} for scope in Scope}

    async def note(self, _actor: Actor, *_: object, before: str, after: str) -> None:
        """Note the act."""
        self.noted.append(f"{before} {after}")


async def said(monkeypatch: pytest.MonkeyPatch, store: Store) -> list[str]:
    """Hand the thread over to HEIR by the interaction COMMAND; return the answers."""
    starter = Person(is_direct=False, is_starter=True, manages_threads=False, manages_server=False)
    answers = heard(monkeypatch, handover, Invocation(THREAD, 1, 2, starter, Actor(2, 70, COMMAND)))

    async def can_see(*_: object) -> bool:
        return True

    monkeypatch.setattr(handover, "_can_see", can_see)
    feature = Handover(
        services(
            conversations=store,
            scope_settings=store,
            access_defaults=AccessDefaults,
            audit_log=store,
        )
    )
    interaction = SimpleNamespace(id=COMMAND, guild_id=2, channel=None, response=deferred())
    await feature.hand_over(cast("Any", interaction), cast("Any", SimpleNamespace(id=HEIR, bot=False)))
    return answers


async def test_a_handover_that_a_later_one_has_overtaken_is_not_told_as_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store(Meta(starter=70), Meta(starter=OTHER, handed=COMMAND + 1))
    assert await said(monkeypatch, store) == [OVERTAKEN.format(member=f"<@{OTHER}>")]
    assert store.noted == []


async def test_a_handover_whose_first_try_was_made_without_an_answer_is_told_as_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store(Meta(starter=70), Meta(starter=HEIR, handed=COMMAND))
    assert await said(monkeypatch, store) == [HANDED_OVER.format(member=f"<@{HEIR}>")]
    assert store.noted == [f"70 {HEIR}"]
