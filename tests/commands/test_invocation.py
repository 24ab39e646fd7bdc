"""What a choice is made for, and why not."""

from __future__ import annotations

import pytest

from bot.commands.invocation import NOT_A_CONVERSATION, Invocation
from bot.commands.permission_rules import Person
from bot.commands.scopes import Refusals, ScopeTarget
from bot.conversation.audit import Actor
from bot.conversation.scope import Scope

REFUSALS = Refusals("only in servers", {scope: f"not of this {scope.value}" for scope in Scope})

ACTOR = Actor(home=3, person=1, interaction=9)
ANYBODY = Person(is_direct=False, is_starter=False, manages_threads=False, manages_server=False)
ADMIN = Person(is_direct=False, is_starter=False, manages_threads=False, manages_server=True)
AT_HOME = Person(is_direct=True, is_starter=True, manages_threads=False, manages_server=False)


def thread(person: Person) -> Invocation:
    """A thread in a channel of a server."""
    return Invocation(conversation=7, channel=5, server=3, person=person, actor=ACTOR)


def channel(person: Person) -> Invocation:
    """A channel of a server."""
    return Invocation(conversation=None, channel=5, server=3, person=person, actor=ACTOR)


DIRECT = Invocation(conversation=9, channel=None, server=None, person=AT_HOME, actor=ACTOR)


@pytest.mark.parametrize(
    ("invocation", "target"),
    [
        (thread(ADMIN), ScopeTarget(Scope.THREAD, 7)),
        (channel(ADMIN), ScopeTarget(Scope.CHANNEL, 5)),
        (DIRECT, ScopeTarget(Scope.THREAD, 9)),
    ],
)
def test_without_a_scope_a_choice_is_made_for_the_narrowest_one_there_is(
    invocation: Invocation, target: ScopeTarget
) -> None:
    assert invocation.scope_target(None, REFUSALS) == target


@pytest.mark.parametrize(
    "target",
    [ScopeTarget(Scope.THREAD, 7), ScopeTarget(Scope.CHANNEL, 5), ScopeTarget(Scope.SERVER, 3)],
    ids=lambda target: target.scope,
)
def test_a_choice_is_made_for_the_scope_that_is_named_by_those_who_may(target: ScopeTarget) -> None:
    assert thread(ADMIN).scope_target(target.scope, REFUSALS) == target
    assert thread(ANYBODY).scope_target(target.scope, REFUSALS) == f"not of this {target.scope.value}"


def test_a_scope_that_is_not_there_is_told_of_before_what_somebody_may() -> None:
    assert channel(ANYBODY).scope_target(Scope.THREAD, REFUSALS) == NOT_A_CONVERSATION
    assert DIRECT.scope_target(Scope.CHANNEL, REFUSALS) == "only in servers"
    assert DIRECT.scope_target(Scope.SERVER, REFUSALS) == "only in servers"
