"""What the check makes of services that fail while it asks them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.commands.registration import RegistrationState
from bot.config import Settings
from bot.conversation.errors import StoreUnavailable
from bot.doctor import probes
from bot.doctor.probes import gather
from bot.findings.facts import CommandFacts
from bot.findings.ids import Id
from bot.retry import Schedule


async def test_a_redis_that_ends_during_the_check_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    async def asks_redis(*_: Any) -> None:
        raise StoreUnavailable("connection closed")

    monkeypatch.setattr("bot.doctor.probes._discord", asks_redis)
    async with AsyncExitStack() as stack:
        gathered = await gather(Settings(), stack)
    assert [each.id for each in gathered.findings] == [Id.REDIS_UNREACHABLE]
    assert gathered.facts == []


STATE = RegistrationState([{"name": "chat"}], "fingerprint", [], is_noted=True)


def failure(kind: type[discord.HTTPException], status: int) -> discord.HTTPException:
    """A call that Discord answers with a status of failure."""
    return kind(cast("Any", SimpleNamespace(status=status, reason="")), {"code": 0, "message": ""})


def bot_whose_registration(monkeypatch: pytest.MonkeyPatch, *outcomes: object) -> list[object]:
    """Let the check build a bot whose commands are compared with these outcomes; returns those that are left."""
    left = list(outcomes)

    async def registration() -> object:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def build(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(tree=SimpleNamespace(registration=registration))

    monkeypatch.setattr(probes, "build", build)
    monkeypatch.setattr(probes, "TRIES", Schedule(0.0, tries=3))
    return left


@pytest.mark.parametrize(
    "passing", [failure(discord.DiscordServerError, 503), ConnectionResetError(), TimeoutError()]
)
async def test_discord_is_asked_for_its_commands_again_after_a_failure_that_passes(
    monkeypatch: pytest.MonkeyPatch, passing: Exception
) -> None:
    bot_whose_registration(monkeypatch, passing, passing, STATE)
    assert await probes._commands(Settings()) == CommandFacts(lacking=("chat",))


@pytest.mark.parametrize(
    ("outcomes", "problem"),
    [
        ([discord.RateLimited(15.0)], "RateLimited"),
        ([failure(discord.Forbidden, 403)], "Forbidden"),
        ([failure(discord.DiscordServerError, 503)] * 3, "DiscordServerError"),
    ],
)
async def test_commands_that_discord_does_not_tell_are_facts_that_say_why(
    monkeypatch: pytest.MonkeyPatch, outcomes: list[Exception], problem: str
) -> None:
    left = bot_whose_registration(monkeypatch, *outcomes, STATE)
    assert await probes._commands(Settings()) == CommandFacts(problem=problem)
    assert left == [STATE]
