"""Who may have Claude asked: rules for roles and people by scope, and the operator's defaults; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bot.conversation.scope import Origin, Scope, Settings

ALLOW, BLOCK = "allow", "block"
"""The values of the settings."""

FAMILY = "access:"
"""What the names of all rules begin with."""

ROLE, PERSON = f"{FAMILY}role:", f"{FAMILY}person:"
"""What the names of the settings begin with; the id of the role or the person stands behind it."""

SCOPES = (Scope.CHANNEL, Scope.SERVER)
"""The scopes that can have rules, the narrowest first."""


@dataclass(frozen=True, slots=True)
class AccessDefaults:
    """The operator's settings: with `allow_roles` only these roles are allowed; `block` are people."""

    allow_roles: frozenset[int] = frozenset()
    block: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Access:
    """Whether a person is allowed, and the rule that decides; `origin` is None if a default decides."""

    allowed: bool
    origin: Origin | None = None


def access_of(
    person: int,
    roles: Collection[int],
    by_scope: Mapping[Scope, Settings],
    defaults: AccessDefaults,
    *,
    server: int | None,
) -> Access:
    """Say whether a person is allowed.

    The narrowest rule counts: a channel's before the server's; within a scope that for the person before those for
    their roles, and these before that for @everyone, which is the role with the id of the server. Of several roles
    one that is blocked counts. Where no rule applies, the defaults decide.
    """
    for scope in SCOPES:
        held = by_scope.get(scope, {})
        for names in _widths(person, roles, server):
            rules = {name: held[name] for name in names if name in held}
            for value in (BLOCK, ALLOW):
                for name, setting in rules.items():
                    if setting.value == value:
                        return Access(value == ALLOW, Origin(scope, setting, name))
    if person in defaults.block:
        return Access(allowed=False)
    return Access(not defaults.allow_roles or not defaults.allow_roles.isdisjoint(roles))


def may_be_blocked(
    by_scope: Mapping[Scope, Settings], defaults: AccessDefaults, *, server: int | None
) -> bool:
    """Whether somebody of whom nobody knows who it is may be a person whom a rule blocks."""
    for scope in SCOPES:
        rules = rules_of(by_scope.get(scope, {}))
        if BLOCK in rules.values():
            return True
        if rules.get(f"{ROLE}{server}") == ALLOW:  # allows everybody, whatever is decided further out
            return False
    return bool(defaults.block or defaults.allow_roles)


def depends_on_roles(
    by_scope: Mapping[Scope, Settings], defaults: AccessDefaults, *, server: int | None
) -> bool:
    """Whether any rule is for a role that not everybody has."""
    return bool(defaults.allow_roles) or any(
        name.startswith(ROLE) and name != f"{ROLE}{server}"
        for scope in SCOPES
        for name in by_scope.get(scope, {})
    )


def rules_of(settings: Settings) -> dict[str, str]:
    """Return the access rules of a scope by name, those for people first, and @everyone's among the roles."""
    found = {name: setting.value for name, setting in settings.items() if name.startswith((ROLE, PERSON))}
    return dict(sorted(found.items()))


def _widths(person: int, roles: Collection[int], server: int | None) -> Iterator[list[str]]:
    yield [f"{PERSON}{person}"]
    yield [f"{ROLE}{role}" for role in sorted(roles) if role != server]
    yield [f"{ROLE}{server}"]
