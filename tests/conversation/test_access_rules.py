"""Who may use the bot."""

from __future__ import annotations

import pytest

from bot.conversation.access_rules import (
    PERSON,
    ROLE,
    Access,
    AccessDefaults,
    access_of,
    depends_on_roles,
    may_be_blocked,
    rules_of,
)
from bot.conversation.scope import Origin, Scope, Setting, Settings

SERVER, MEMBERS, MODS, STRANGERS = 1, 20, 21, 22
ANN = 300
ROLES = frozenset({SERVER, MEMBERS, MODS})
EVERYONE = f"role:{SERVER}"


def rules(channel: dict[str, str], server: dict[str, str]) -> dict[Scope, Settings]:
    """Rules by the end of their names."""
    return {
        scope: {f"access:{name}": Setting(value) for name, value in held.items()}
        for scope, held in ((Scope.CHANNEL, channel), (Scope.SERVER, server))
    }


def decided(scope: Scope, name: str, value: str) -> Access:
    """The decision of a rule."""
    return Access(value == "allow", Origin(scope, Setting(value), f"access:{name}"))


@pytest.mark.parametrize(
    ("channel", "server", "scope", "name", "value"),
    [
        # A channel's rule goes before the server's, for whomever either is.
        ({EVERYONE: "allow"}, {f"person:{ANN}": "block"}, Scope.CHANNEL, EVERYONE, "allow"),
        ({EVERYONE: "block"}, {f"person:{ANN}": "allow"}, Scope.CHANNEL, EVERYONE, "block"),
        # In one place the rule for the person goes first, then those for roles, then that for @everyone.
        ({f"person:{ANN}": "allow", f"role:{MODS}": "block"}, {}, Scope.CHANNEL, f"person:{ANN}", "allow"),
        ({f"person:{ANN}": "block", f"role:{MODS}": "allow"}, {}, Scope.CHANNEL, f"person:{ANN}", "block"),
        ({}, {f"role:{MEMBERS}": "allow", EVERYONE: "block"}, Scope.SERVER, f"role:{MEMBERS}", "allow"),
        ({}, {f"role:{MEMBERS}": "block", EVERYONE: "allow"}, Scope.SERVER, f"role:{MEMBERS}", "block"),
        ({}, {f"role:{STRANGERS}": "allow", EVERYONE: "block"}, Scope.SERVER, EVERYONE, "block"),
        # Of several roles one that is blocked counts, in whichever order they stand.
        (
            {},
            {f"role:{MEMBERS}": "allow", f"role:{MODS}": "block"},
            Scope.SERVER,
            f"role:{MODS}",
            "block",
        ),
        (
            {},
            {f"role:{MODS}": "allow", f"role:{MEMBERS}": "block"},
            Scope.SERVER,
            f"role:{MEMBERS}",
            "block",
        ),
        # Rules for others do not count, so the next place decides.
        ({f"person:{ANN + 1}": "block"}, {EVERYONE: "allow"}, Scope.SERVER, EVERYONE, "allow"),
    ],
)
def test_the_narrowest_rule_counts(
    channel: dict[str, str], server: dict[str, str], scope: Scope, name: str, value: str
) -> None:
    found = access_of(ANN, ROLES, rules(channel, server), AccessDefaults(), server=SERVER)
    assert found == decided(scope, name, value)


@pytest.mark.parametrize(
    ("defaults", "allowed"),
    [
        (AccessDefaults(), True),
        (AccessDefaults(block=frozenset({ANN})), False),
        (AccessDefaults(allow_roles=frozenset({MEMBERS})), True),
        (AccessDefaults(allow_roles=frozenset({STRANGERS})), False),
        (AccessDefaults(allow_roles=frozenset({MEMBERS}), block=frozenset({ANN})), False),
    ],
)
def test_without_a_rule_the_defaults_decide(defaults: AccessDefaults, allowed: bool) -> None:
    others = rules({f"role:{STRANGERS}": "block"}, {"person:9": "block"})
    assert access_of(ANN, ROLES, others, defaults, server=SERVER) == Access(allowed)


@pytest.mark.parametrize("defaults", [AccessDefaults(block=frozenset({ANN})), AccessDefaults(frozenset({9}))])
def test_a_rule_goes_before_the_defaults(defaults: AccessDefaults) -> None:
    found = access_of(ANN, ROLES, rules({}, {EVERYONE: "allow"}), defaults, server=SERVER)
    assert found == decided(Scope.SERVER, EVERYONE, "allow")


def test_a_value_of_another_version_counts_as_none() -> None:
    held = rules({f"person:{ANN}": "sometimes"}, {f"role:{MODS}": "block"})
    found = access_of(ANN, ROLES, held, AccessDefaults(), server=SERVER)
    assert found == decided(Scope.SERVER, f"role:{MODS}", "block")


def test_in_direct_messages_nobody_has_a_role() -> None:
    assert access_of(ANN, (), {}, AccessDefaults(), server=None).allowed
    assert not access_of(ANN, (), {}, AccessDefaults(frozenset({MEMBERS})), server=None).allowed
    assert not access_of(ANN, (), {}, AccessDefaults(block=frozenset({ANN})), server=None).allowed


@pytest.mark.parametrize(
    ("held", "defaults", "depends"),
    [
        (rules({}, {}), AccessDefaults(block=frozenset({ANN})), False),
        (rules({EVERYONE: "block"}, {f"person:{ANN}": "allow"}), AccessDefaults(), False),
        (rules({}, {f"role:{MODS}": "allow"}), AccessDefaults(), True),
        (rules({f"role:{MODS}": "allow"}, {}), AccessDefaults(), True),
        (rules({}, {}), AccessDefaults(frozenset({MEMBERS})), True),
    ],
)
def test_roles_are_needed_only_where_a_rule_is_for_some(
    held: dict[Scope, Settings], defaults: AccessDefaults, depends: bool
) -> None:
    assert depends_on_roles(held, defaults, server=SERVER) is depends


@pytest.mark.parametrize(
    ("held", "defaults", "expected"),
    [
        (rules({}, {}), AccessDefaults(), False),
        (rules({f"role:{MODS}": "allow"}, {f"person:{ANN}": "allow"}), AccessDefaults(), False),
        (rules({}, {f"person:{ANN}": "block"}), AccessDefaults(), True),
        (rules({f"role:{MODS}": "block", EVERYONE: "allow"}, {}), AccessDefaults(), True),
        (rules({EVERYONE: "block"}, {}), AccessDefaults(), True),
        (rules({EVERYONE: "allow"}, {f"person:{ANN}": "block"}), AccessDefaults(), False),
        (rules({}, {}), AccessDefaults(block=frozenset({ANN})), True),
        (rules({}, {}), AccessDefaults(frozenset({MEMBERS})), True),
        (rules({}, {EVERYONE: "allow"}), AccessDefaults(frozenset({MEMBERS}), frozenset({ANN})), False),
    ],
)
def test_security_somebody_unknown_may_be_anybody_whom_a_rule_that_decides_there_blocks(
    held: dict[Scope, Settings], defaults: AccessDefaults, expected: bool
) -> None:
    assert may_be_blocked(held, defaults, server=SERVER) is expected


def test_only_access_rules_are_listed() -> None:
    held = {f"{ROLE}5": Setting("allow"), f"{PERSON}4": Setting("block"), "answer": Setting("never")}
    assert rules_of(held) == {f"{PERSON}4": "block", f"{ROLE}5": "allow"}
