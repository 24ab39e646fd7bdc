"""Who may do what, decided from facts alone."""

from __future__ import annotations

from dataclasses import dataclass

from bot.store.prompts import Scope


@dataclass(frozen=True, slots=True)
class Person:
    """What a decision rests on; `started_it` holds for whoever began the conversation."""

    is_direct: bool
    started_it: bool
    manages_threads: bool
    manages_server: bool
    manages_messages: bool = False


def may_reset(person: Person) -> bool:
    """Whether somebody may make the bot forget a conversation."""
    return person.is_direct or person.started_it or person.manages_threads or person.manages_server


def may_control(person: Person, *, asked: bool) -> bool:
    """Whether somebody may stop, repeat or continue a reply to what they `asked`, or others did."""
    return (
        person.is_direct
        or asked
        or person.manages_messages
        or person.manages_threads
        or person.manages_server
    )


def may_choose(person: Person, scope: Scope) -> bool:
    """Whether somebody may choose the prompt or the model of a scope."""
    return may_reset(person) if scope is Scope.THREAD else person.manages_server
