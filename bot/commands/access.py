"""Who may do what, decided from facts alone; a refusal is made from the rule, so that it names all that suffices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.store.scoped_overrides import Scope


@dataclass(frozen=True, slots=True)
class Person:
    """What a decision rests on; `started_it` holds for whoever began the conversation."""

    is_direct: bool
    started_it: bool
    manages_threads: bool
    manages_server: bool
    manages_messages: bool = False


PERMISSIONS = {
    "manages_messages": "Manage Messages",
    "manages_threads": "Manage Threads",
    "manages_server": "Manage Server",
}
"""The fields of a person that are permissions, by the names that Discord's settings show."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may: the `starter` of the conversation, who `asked`, and whoever has one of the permissions.

    In direct messages everybody may do what concerns the `conversation`.
    """

    permissions: tuple[str, ...]
    starter: bool = False
    asked: bool = False
    conversation: bool = True

    def allows(self, person: Person, *, asked: bool = False) -> bool:
        """Whether somebody may, who has `asked` what it is about or has not."""
        return (
            (self.conversation and person.is_direct)
            or (self.starter and person.started_it)
            or (self.asked and asked)
            or any(getattr(person, permission) for permission in self.permissions)
        )

    def refusal(self, what: str) -> str:
        """Say who may do `what`."""
        who = "the person who asked" if self.asked else "the person who started this thread"
        known = f"{who}, or " if self.asked or self.starter else ""
        return f"Only {known}somebody with the permission {self._named()} can {what}."

    def _named(self) -> str:
        return _either([f"“{PERMISSIONS[permission]}”" for permission in self.permissions])


def _either(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


KEEPING = Rule(("manages_threads", "manages_server"), starter=True)
"""For what concerns a conversation as a whole."""

CONTROLLING = Rule(("manages_messages", "manages_threads", "manages_server"), asked=True)
"""For a single reply."""

MANAGING = Rule(("manages_server",), conversation=False)
"""For what concerns more than one conversation."""

CHOOSING = {Scope.THREAD: KEEPING, Scope.CHANNEL: MANAGING, Scope.SERVER: MANAGING}
"""For the prompt or the model of a scope."""


def may_reset(person: Person) -> bool:
    """Whether somebody may make the bot forget a conversation."""
    return KEEPING.allows(person)


def may_control(person: Person, *, asked: bool) -> bool:
    """Whether somebody may stop, repeat or continue a reply to what they `asked`, or others did."""
    return CONTROLLING.allows(person, asked=asked)


def may_choose(person: Person, scope: Scope) -> bool:
    """Whether somebody may choose the prompt or the model of a scope."""
    return CHOOSING[scope].allows(person)
