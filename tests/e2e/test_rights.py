"""Each command, used by people with each right: whom its rule allows may use it, and everybody else is refused.

A command that is registered needs a row here. What a permission does to a single reply or file, buttons included, is
tested beside the feature.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bot.commands import permission_rules
from bot.commands.permission_rules import Person, Rule
from bot.conversation.scope import Scope
from bot.local.simulator.discord import permissions as bits
from tests.e2e.test_in_time import commands
from tests.e2e.world import MANY_THREADS, MANY_TURNS, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

AT_ONCE = 6

EVERYBODY = None
"""The rule of a command that only shows something, or that concerns the person alone."""

RULES: dict[str, Rule | dict[Scope, Rule] | None] = {
    "chat": EVERYBODY,
    "reset": permission_rules.CONVERSATION,
    "leave": permission_rules.CONVERSATION,
    "handover": permission_rules.CONVERSATION,
    "system show": EVERYBODY,
    "system set": permission_rules.BY_SCOPE,
    "system history": permission_rules.BY_SCOPE,
    "system clear": permission_rules.BY_SCOPE,
    "system preset save": permission_rules.SERVER,
    "system preset use": permission_rules.BY_SCOPE,
    "system preset list": EVERYBODY,
    "system preset delete": permission_rules.SERVER,
    "model show": EVERYBODY,
    "model set": permission_rules.BY_SCOPE,
    "model clear": permission_rules.BY_SCOPE,
    "answer show": EVERYBODY,
    "answer set": permission_rules.BY_SCOPE,
    "answer clear": permission_rules.BY_SCOPE,
    "access show": EVERYBODY,
    "access allow": permission_rules.SERVER,
    "access block": permission_rules.SERVER,
    "access clear": permission_rules.SERVER,
    "tools show": EVERYBODY,
    "tools set": permission_rules.BY_SCOPE,
    "budget show": EVERYBODY,
    "budget set": permission_rules.SERVER,
    "budget clear": permission_rules.SERVER,
    "budget notify": permission_rules.SERVER,
    "usage": EVERYBODY,
    "stop": permission_rules.STOP,
    "retry": permission_rules.REPLY,
    "continue": permission_rules.REPLY,
    "context": EVERYBODY,
    "help": EVERYBODY,
    "my data": EVERYBODY,
    "forget me": EVERYBODY,
    "forget verify": EVERYBODY,
    "why": EVERYBODY,
    "settings show": EVERYBODY,
    "audit show": permission_rules.SERVER,
    "audit channel": permission_rules.SERVER,
    "check": permission_rules.SERVER,
    "export": EVERYBODY,
    "privacy show": EVERYBODY,
    "privacy set": permission_rules.SERVER,
    "about": EVERYBODY,
    "catchup": EVERYBODY,
    "memory show": EVERYBODY,
    "memory forget": EVERYBODY,
    "memory remember": EVERYBODY,
    "reminders list": EVERYBODY,
    "reminders cancel": EVERYBODY,
}

NEEDS: dict[str, dict[str, Any]] = {"model set": {"effort": "low"}, "access block": {"person": "other"}}
"""Options without which a command says what it lacks, before it asks who uses it."""

OTHERS_FIRST = ("stop", "continue")
"""What is said there before it matters who uses the command: that nothing is being written, or can be continued."""

PEOPLE = {
    "stranger": Person(is_direct=False, is_starter=False, manages_threads=False, manages_server=False),
    "starter": Person(is_direct=False, is_starter=True, manages_threads=False, manages_server=False),
    "messages": Person(False, False, manages_threads=False, manages_server=False, manages_messages=True),
    "threads": Person(False, False, manages_threads=True, manages_server=False),
    "server": Person(False, False, manages_threads=False, manages_server=True),
}
"""People by what they may."""

BITS = {"messages": bits.MANAGE_MESSAGES, "threads": bits.MANAGE_THREADS, "server": bits.MANAGE_GUILD}


@dataclass(frozen=True)
class Case:
    """A command with its options, used by somebody."""

    name: str
    options: dict[str, Any]
    rule: Rule
    who: str

    @property
    def is_allowed(self) -> bool:
        """Whether the rule allows it; the starter has asked for the reply as well."""
        return self.rule.allows(PEOPLE[self.who], asked=self.who == "starter")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own(shared: World) -> AsyncIterator[World]:
    """A world whose settings may become anything."""
    async with shared.apart({**MANY_THREADS, **MANY_TURNS}) as own:
        yield own


def cases(world: World) -> list[Case]:
    """Each command that not everybody may use, for each scope and each person."""
    found = []
    for name, options in commands(world):
        rule = RULES[name]
        if rule is EVERYBODY or name in OTHERS_FIRST:
            continue
        given = {**options, **NEEDS.get(name, {})}
        by_scope = {"": rule} if isinstance(rule, Rule) else {scope.value: rule[scope] for scope in Scope}
        found += [
            Case(name, {**given, **({"scope": scope} if scope else {})}, each, who)
            for scope, each in by_scope.items()
            for who in PEOPLE
        ]
    return found


async def said(world: World, who: Any, place: int, case: Case) -> str:
    """What a command answers; nothing where it opens a modal."""
    options = {name: world.ben.id if value == "other" else value for name, value in case.options.items()}
    handle = await who.command(place, case.name, options)
    response = await handle.response()
    if response.kind == "modal":
        return ""
    message = await handle.message()
    assert message["ephemeral"]
    return str(message["content"])


async def test_each_command_has_a_rule_here(own: World) -> None:
    assert [name for name, _ in commands(own) if name not in RULES] == []


async def test_everybody_may_use_what_only_shows_something(own: World) -> None:
    thread = await own.converse(own.channel(), "hello")
    stranger = own.person("stranger")
    for name, options in commands(own):
        if RULES[name] is EVERYBODY:
            text = await said(own, stranger, thread, Case(name, options, permission_rules.SERVER, "stranger"))
            assert not text.startswith("Only "), name


async def test_whom_a_rule_allows_may_use_each_command_and_everybody_else_is_refused(own: World) -> None:
    people = {name: own.person(name, BITS.get(name, 0)) for name in PEOPLE}
    room = asyncio.Semaphore(AT_ONCE)
    shared = await own.converse(own.channel(), "hello", people["starter"])

    async def place_of(case: Case) -> int:
        """What is done takes a thread of its own: a reset, or another starter, would change what the next finds."""
        async with room:
            return (
                await own.converse(own.channel(), "hello", people["starter"]) if case.is_allowed else shared
            )

    async def use(case: Case, place: int) -> str:
        async with room:
            return await said(own, people[case.who], place, case)

    listed = cases(own)
    assert len(listed) > 150
    places = await asyncio.gather(
        *map(place_of, listed)
    )  # before anything is done, as an answer may be switched off
    texts = await asyncio.gather(*map(use, listed, places))
    for case, text in zip(listed, texts, strict=True):
        refused = case.rule.refusal("").partition(" can ")[0]
        assert text.startswith(refused) is not case.is_allowed, (case, text)
