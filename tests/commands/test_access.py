"""Who may do what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.commands import answers, context_view, model_view
from bot.commands.access import PERMISSIONS, Person, may_choose, may_control, may_reset
from bot.store.scoped_overrides import Scope

ANYBODY = Person(is_direct=False, started_it=False, manages_threads=False, manages_server=False)


def test_somebody_without_any_right_may_do_nothing() -> None:
    assert not may_reset(ANYBODY)
    assert not any(may_choose(ANYBODY, scope) for scope in Scope)


@pytest.mark.parametrize("right", ["is_direct", "started_it", "manages_threads", "manages_server"])
def test_one_right_is_enough_for_a_conversation(right: str) -> None:
    person = replace(ANYBODY, **{right: True})
    assert may_reset(person)
    assert may_choose(person, Scope.THREAD)


@pytest.mark.parametrize("scope", [Scope.CHANNEL, Scope.SERVER])
@pytest.mark.parametrize("right", ["is_direct", "started_it", "manages_threads", "manages_server"])
def test_choices_for_wider_scopes_are_for_those_who_manage_the_server(scope: Scope, right: str) -> None:
    assert may_choose(replace(ANYBODY, **{right: True}), scope) is (right == "manages_server")


def test_a_reply_is_controlled_by_who_asked_and_by_moderators_and_not_by_who_began_the_thread() -> None:
    assert may_control(ANYBODY, asked=True)
    assert not may_control(replace(ANYBODY, started_it=True), asked=False)
    for right in ("is_direct", "manages_messages", "manages_threads", "manages_server"):
        assert may_control(replace(ANYBODY, **{right: True}), asked=False)


REFUSALS: list[tuple[str, Callable[[Person], bool]]] = [
    (answers.MAY_NOT_RESET, may_reset),
    (context_view.MAY_NOT_PIN, may_reset),
    (context_view.MAY_NOT_CORRECT, may_reset),
    (answers.NOT_YOURS, lambda person: may_control(person, asked=False)),
    *((answers.MAY_NOT_SET[scope], lambda person, s=scope: may_choose(person, s)) for scope in Scope),
    *((model_view.MAY_NOT_CHOOSE[scope], lambda person, s=scope: may_choose(person, s)) for scope in Scope),
]


@pytest.mark.parametrize(("said", "may"), REFUSALS, ids=[said for said, _ in REFUSALS])
def test_who_may_not_is_told_exactly_the_permissions_each_of_which_would_do(
    said: str, may: Callable[[Person], bool]
) -> None:
    enough = {name for field, name in PERMISSIONS.items() if may(replace(ANYBODY, **{field: True}))}
    assert {name for name in PERMISSIONS.values() if f"“{name}”" in said} == enough
    assert ("who started this thread" in said) is may(replace(ANYBODY, started_it=True))
