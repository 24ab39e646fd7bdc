"""What a choice is made for, and why not."""

from __future__ import annotations

import pytest

from bot.commands import answers
from bot.commands.access import Person
from bot.commands.invocation import Invocation, Refusals, ScopeTarget
from bot.store.scoped_overrides import Scope

REFUSALS = Refusals("only in servers", {scope: f"not of this {scope.value}" for scope in Scope})

ANYBODY = Person(is_direct=False, started_it=False, manages_threads=False, manages_server=False)
ADMIN = Person(is_direct=False, started_it=False, manages_threads=False, manages_server=True)
AT_HOME = Person(is_direct=True, started_it=True, manages_threads=False, manages_server=False)


def thread(person: Person) -> Invocation:
    """A thread in a channel of a server."""
    return Invocation(conversation=7, channel=5, server=3, person=person)


def channel(person: Person) -> Invocation:
    """A channel of a server."""
    return Invocation(conversation=None, channel=5, server=3, person=person)


DIRECT = Invocation(conversation=9, channel=None, server=None, person=AT_HOME)


@pytest.mark.parametrize(
    ("scene", "spot"),
    [
        (thread(ADMIN), ScopeTarget(Scope.THREAD, 7)),
        (channel(ADMIN), ScopeTarget(Scope.CHANNEL, 5)),
        (DIRECT, ScopeTarget(Scope.THREAD, 9)),
    ],
)
def test_without_a_scope_a_choice_is_made_for_the_narrowest_one_there_is(
    scene: Invocation, spot: ScopeTarget
) -> None:
    assert scene.spot(None, REFUSALS) == spot


@pytest.mark.parametrize(
    "spot",
    [ScopeTarget(Scope.THREAD, 7), ScopeTarget(Scope.CHANNEL, 5), ScopeTarget(Scope.SERVER, 3)],
    ids=lambda spot: spot.scope,
)
def test_a_choice_is_made_for_the_scope_that_is_named_by_those_who_may(spot: ScopeTarget) -> None:
    assert thread(ADMIN).spot(spot.scope, REFUSALS) == spot
    assert thread(ANYBODY).spot(spot.scope, REFUSALS) == f"not of this {spot.scope.value}"


def test_a_scope_that_is_not_there_is_told_of_before_what_somebody_may() -> None:
    assert channel(ANYBODY).spot(Scope.THREAD, REFUSALS) == answers.NOT_A_CONVERSATION
    assert DIRECT.spot(Scope.CHANNEL, REFUSALS) == "only in servers"
    assert DIRECT.spot(Scope.SERVER, REFUSALS) == "only in servers"
