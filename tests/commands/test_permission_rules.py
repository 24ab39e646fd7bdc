"""Who may do what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.commands import access_rules, answer_view, context_view, model_view
from bot.commands.check import MAY_NOT_CHECK
from bot.commands.handover import MAY_NOT_HAND_OVER
from bot.commands.permission_rules import (
    BY_SCOPE,
    CONVERSATION,
    FILE,
    PERMISSIONS,
    REPLY,
    SERVER,
    STOP,
    Person,
)
from bot.commands.reply_controls import MAY_NOT_CONTROL, MAY_NOT_STOP
from bot.commands.reset import MAY_NOT_RESET
from bot.commands.system import MAY_NOT_SET
from bot.conversation.access_rules import SCOPES
from bot.conversation.scope import Scope

ANYBODY = Person(is_direct=False, is_starter=False, manages_threads=False, manages_server=False)


def test_somebody_without_any_right_may_do_nothing() -> None:
    assert not CONVERSATION.allows(ANYBODY)
    assert not any(BY_SCOPE[scope].allows(ANYBODY) for scope in Scope)


@pytest.mark.parametrize("right", ["is_direct", "is_starter", "manages_threads", "manages_server"])
def test_one_right_is_enough_for_a_conversation(right: str) -> None:
    person = replace(ANYBODY, **{right: True})
    assert CONVERSATION.allows(person)
    assert BY_SCOPE[Scope.THREAD].allows(person)


@pytest.mark.parametrize("scope", [Scope.CHANNEL, Scope.SERVER])
@pytest.mark.parametrize("right", ["is_direct", "is_starter", "manages_threads", "manages_server"])
def test_choices_for_wider_scopes_are_for_those_who_manage_the_server(scope: Scope, right: str) -> None:
    assert BY_SCOPE[scope].allows(replace(ANYBODY, **{right: True})) is (right == "manages_server")


def test_a_reply_is_controlled_by_who_asked_and_by_moderators_and_not_by_who_began_the_thread() -> None:
    assert REPLY.allows(ANYBODY, asked=True)
    assert not REPLY.allows(replace(ANYBODY, is_starter=True), asked=False)
    for right in ("is_direct", "manages_messages", "manages_threads", "manages_server"):
        assert REPLY.allows(replace(ANYBODY, **{right: True}), asked=False)


def test_a_file_is_taken_out_by_who_posted_it_by_who_began_the_thread_and_by_moderators() -> None:
    assert not FILE.allows(ANYBODY)
    assert not FILE.allows(ANYBODY, asked=True)
    assert FILE.allows(ANYBODY, posted=True)
    for right in ("is_direct", "is_starter", "manages_messages", "manages_threads", "manages_server"):
        assert FILE.allows(replace(ANYBODY, **{right: True}))
    assert context_view.MAY_NOT_TAKE_OUT.startswith("Only the person who posted it, the person who started")


REFUSALS: list[tuple[str, Callable[[Person], bool]]] = [
    (MAY_NOT_RESET, CONVERSATION.allows),
    (context_view.MAY_NOT_PIN, CONVERSATION.allows),
    (context_view.MAY_NOT_CORRECT, CONVERSATION.allows),
    (context_view.MAY_NOT_TAKE_OUT, FILE.allows),
    (MAY_NOT_CONTROL, REPLY.allows),
    (MAY_NOT_STOP, STOP.allows),
    (MAY_NOT_HAND_OVER, CONVERSATION.allows),
    (MAY_NOT_CHECK, SERVER.allows),
    *((answer_view.REFUSALS.may_not[scope], BY_SCOPE[scope].allows) for scope in Scope),
    *((access_rules.REFUSALS.may_not[scope], BY_SCOPE[scope].allows) for scope in SCOPES),
    *((MAY_NOT_SET[scope], lambda person, s=scope: BY_SCOPE[s].allows(person)) for scope in Scope),
    *(
        (model_view.MAY_NOT_CHOOSE[scope], lambda person, s=scope: BY_SCOPE[s].allows(person))
        for scope in Scope
    ),
]


@pytest.mark.parametrize(("said", "may"), REFUSALS, ids=[said for said, _ in REFUSALS])
def test_who_may_not_is_told_exactly_the_permissions_each_of_which_would_do(
    said: str, may: Callable[[Person], bool]
) -> None:
    enough = {name for field, name in PERMISSIONS.items() if may(replace(ANYBODY, **{field: True}))}
    assert {name for name in PERMISSIONS.values() if f"“{name}”" in said} == enough
    assert ("who started this thread" in said) is may(replace(ANYBODY, is_starter=True))


@pytest.mark.parametrize("said", [said for said, _ in REFUSALS if "person who" not in said])
def test_a_refusal_that_names_no_thread_and_no_reply_does_not_speak_of_it(said: str) -> None:
    assert not {"it", "its"} & set(said.rstrip(".").split())
