"""What a person is told when a command fails."""

from __future__ import annotations

from bot.commands.failures import missing


def test_an_unknown_permission_is_not_named() -> None:
    assert "“" not in missing("")
    assert "“Send Messages”" in missing("Send Messages")
