"""What a command answers, without Discord."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace

import pytest

from bot.commands.invocation import Invocation


def heard(monkeypatch: pytest.MonkeyPatch, command: ModuleType, invocation: Invocation) -> list[str]:
    """Have a command be used as `invocation` says; returns the list to which its answers are added."""
    answers: list[str] = []

    async def resolve_invocation(*_: object) -> Invocation:
        return invocation

    async def say(_interaction: object, text: str) -> None:
        answers.append(text)

    monkeypatch.setattr(command, "resolve_invocation", resolve_invocation)
    monkeypatch.setattr(command, "say", say)
    return answers


def deferred() -> SimpleNamespace:
    """The response of an interaction that can be deferred."""

    async def defer(**_: object) -> None:
        """Defer the answer."""

    return SimpleNamespace(defer=defer)
