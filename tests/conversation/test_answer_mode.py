"""Which mode of answering is in force."""

from __future__ import annotations

from typing import get_args

import pytest

from bot.commands.answer import Mode
from bot.conversation.answer_mode import ANSWER, AnswerMode, ModeInForce, mode_in_force
from bot.conversation.scope import Origin, Scope, Setting, Settings


def by_scope(thread: str = "", channel: str = "", server: str = "") -> dict[Scope, Settings]:
    """What is set, the narrowest scope first."""
    values = {Scope.THREAD: thread, Scope.CHANNEL: channel, Scope.SERVER: server}
    return {scope: {ANSWER: Setting(value)} if value else {} for scope, value in values.items()}


@pytest.mark.parametrize(
    ("thread", "channel", "server", "mode", "scope"),
    [
        ("", "", "always", AnswerMode.ALWAYS, Scope.SERVER),
        ("", "quiet", "always", AnswerMode.QUIET, Scope.CHANNEL),
        ("mention", "quiet", "always", AnswerMode.MENTION, Scope.THREAD),
        ("never", "quiet", "always", AnswerMode.NEVER, Scope.THREAD),
        ("", "mention", "never", AnswerMode.MENTION, Scope.CHANNEL),
        ("always", "never", "", AnswerMode.NEVER, Scope.CHANNEL),
        ("always", "", "never", AnswerMode.NEVER, Scope.SERVER),
        ("always", "mention", "never", AnswerMode.ALWAYS, Scope.THREAD),
    ],
)
def test_the_narrowest_mode_counts_but_never_holds_in_the_threads_below(
    thread: str, channel: str, server: str, mode: AnswerMode, scope: Scope
) -> None:
    found = mode_in_force(by_scope(thread, channel, server))
    assert found == ModeInForce(mode, Origin(scope, Setting(mode.value)))


def test_where_nothing_is_set_or_another_version_has_set_a_mode_none_is_in_force() -> None:
    assert mode_in_force({}) is None
    assert mode_in_force(by_scope()) is None
    assert mode_in_force(by_scope(channel="sometimes")) is None


def test_the_command_offers_every_mode() -> None:
    assert list(get_args(Mode)) == list(AnswerMode)
