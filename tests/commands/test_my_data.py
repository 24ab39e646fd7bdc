"""How often everything that is kept is looked through for one person."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.commands import my_data
from bot.commands.forget import VERIFYING, Forget
from bot.commands.my_data import NOTHING, PAUSE_MS, UNDER_WAY, MyData
from bot.conversation.clock import Clock
from bot.conversation.found import NOTHING as NONE_FOUND
from bot.conversation.found import Found
from bot.conversation.identity import Identity
from bot.turns.person_data import Kept
from tests.commands import services

ANN, BEN = 1, 2


class Data:
    """Counts the searches, and lets each one take as long as a test wants."""

    def __init__(self) -> None:
        self.searched: list[int] = []
        self.goes_on = asyncio.Event()
        self.begun = asyncio.Event()

    async def kept(self, who: Identity) -> Kept:
        """Search for a file."""
        await self._search(who)
        return Kept()

    async def verify(self, who: Identity) -> Found:
        """Search for what was to be gone."""
        await self._search(who)
        return NONE_FOUND

    async def _search(self, who: Identity) -> None:
        self.searched.append(who.person)
        self.begun.set()
        await self.goes_on.wait()


class Forgetting:
    """Has no jobs, and takes every code."""

    def __init__(self) -> None:
        self.data = Data()

    async def latest(self, _: int) -> None:
        """Return the job of a person."""

    def before_of(self, _code: str, _person: int) -> int:
        """Return up to where the person was forgotten."""
        return 5


class Asked:
    """A command that a person has sent."""

    def __init__(self, person: int) -> None:
        self.id = 99
        self.user = SimpleNamespace(id=person, name="ann", global_name="Ann")
        self.said: list[str] = []
        self.response = SimpleNamespace(defer=self._defer)

    async def _defer(self, *, ephemeral: bool) -> None:
        assert ephemeral


@pytest.fixture(autouse=True)
def _said(monkeypatch: pytest.MonkeyPatch) -> None:
    async def say(interaction: Asked, text: str, **_: object) -> None:
        interaction.said.append(text)

    monkeypatch.setattr(my_data, "say", say)
    monkeypatch.setattr("bot.commands.forget.say", say)


async def ask(command: Any, person: int, *given: str) -> list[str]:
    """Have a person send a command, and return what they are told."""
    asked = Asked(person)
    await command.callback(command.binding, cast("Any", asked), *given)
    return asked.said


async def test_security_a_person_has_everything_searched_for_one_file_at_a_time_and_once_in_a_while() -> None:
    forgetting, now_s = Forgetting(), [1000.0]
    clock = Clock(lambda: 1_700_000_000.0, lambda: now_s[0])
    command = MyData(services(forgetting=forgetting, clock=clock)).data
    data = forgetting.data
    first = asyncio.create_task(ask(command, ANN))
    await data.begun.wait()
    assert await ask(command, ANN) == [UNDER_WAY]
    data.goes_on.set()
    assert await first == [NOTHING]
    (told,) = await ask(command, ANN)
    assert f"ask me again <t:{1_700_000_000 + PAUSE_MS // 1000}:R>" in told
    assert await ask(command, BEN) == [NOTHING]
    assert data.searched == [ANN, BEN]
    now_s[0] += PAUSE_MS / 1000
    assert await ask(command, ANN) == [NOTHING]
    assert data.searched == [ANN, BEN, ANN]


async def test_a_file_that_could_not_be_made_is_made_at_once_when_it_is_asked_for_again() -> None:
    forgetting = Forgetting()
    command = MyData(services(forgetting=forgetting, clock=Clock())).data
    first = asyncio.create_task(ask(command, ANN))
    await forgetting.data.begun.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    forgetting.data.goes_on.set()
    assert await ask(command, ANN) == [NOTHING]


async def test_security_a_person_has_one_receipt_verified_at_a_time() -> None:
    forgetting = Forgetting()
    command = Forget(services(forgetting=forgetting)).verify
    first = asyncio.create_task(ask(command, ANN, "code"))
    await forgetting.data.begun.wait()
    assert await ask(command, ANN, "code") == [VERIFYING]
    forgetting.data.goes_on.set()
    assert "nothing is left" in (await first)[0]
    assert "nothing is left" in (await ask(command, ANN, "code"))[0]
    assert forgetting.data.searched == [ANN, ANN]
