"""Which setting applies, and the prompt and model that a scope sets."""

from __future__ import annotations

from bot.conversation.model import Choice
from bot.conversation.scope import Origin, Scope, Setting, choice_of, in_force

WIDE, NARROW = Setting("always", 7, 1000), Setting("never", 8, 2000)


def test_the_narrowest_scope_that_has_a_setting_counts() -> None:
    by_scope = {
        Scope.THREAD: {"model": Setting("a")},
        Scope.CHANNEL: {"answer": NARROW},
        Scope.SERVER: {"answer": WIDE},
    }
    assert in_force(by_scope, "answer") == Origin(Scope.CHANNEL, NARROW)
    assert in_force(by_scope, "model") == Origin(Scope.THREAD, Setting("a"))
    assert in_force(by_scope, "effort") is None


def test_a_value_that_this_version_does_not_know_counts_as_none() -> None:
    held = {"model": Setting("a"), "effort": Setting("utmost"), "thinking": Setting("off"), "answer": WIDE}
    assert choice_of(held) == Choice(model="a", thinking="off")
    assert choice_of({"effort": Setting("low"), "thinking": Setting("maybe")}) == Choice(effort="low")
