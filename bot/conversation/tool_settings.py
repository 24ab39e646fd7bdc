"""Which tools may be called in a place, and for whom, by the settings of its scopes: pure.

A setting of a scope is named by the tool, or by the tool and a role. What is offered to Claude depends on the place
alone, so that requests keep their beginning; roles are asked when a call is to be made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.conversation.scope import Origin, Scope, Setting, Settings, in_force

FAMILY = "tool:"
"""The settings of tools are named so, with the name of the tool behind it."""

FOR_ROLE = ":role:"
"""Stands between the name of a tool and the id of a role."""

ON, OFF, ASK = "on", "off", "ask"
"""With `ask`, each call waits until somebody allows it."""

State = Literal["on", "off", "ask"]

STATES: tuple[State, ...] = ("off", "ask", "on")
"""From the least to the most: of several roles of a person, the one with the most counts."""


@dataclass(frozen=True, slots=True)
class RoleSetting:
    """What is set in a scope for a role."""

    role: int
    origin: Origin


def setting_name(tool: str, role: int | None = None) -> str:
    """Return the name of the setting of a tool, or of a tool for a role."""
    return f"{FAMILY}{tool}" if role is None else f"{FAMILY}{tool}{FOR_ROLE}{role}"


def is_on(by_scope: Mapping[Scope, Settings], tool: str, defaults: Collection[str]) -> bool:
    """Whether a tool is offered: by the narrowest scope that says so, for all or a role, else by the `defaults`."""
    for held in by_scope.values():
        values = [setting.value for _, setting in _of_roles(held, tool)]
        if (general := held.get(setting_name(tool))) is not None:
            values.append(general.value)
        elif all(value == OFF for value in values):
            continue  # what is off for some roles is not decided for the others
        return any(value != OFF for value in values)
    return tool in defaults


def state_for(by_scope: Mapping[Scope, Settings], tool: str, roles: Collection[int]) -> str | None:
    """Return what is set for a person with these roles, None if nothing is.

    The narrowest scope counts that has a setting for one of the roles, or for all.
    """
    for held in by_scope.values():
        own = [setting.value for role, setting in _of_roles(held, tool) if role in roles]
        if known := [state for state in STATES if state in own]:
            return known[-1]
        if (general := held.get(setting_name(tool))) is not None:
            return general.value
    return None


def general(by_scope: Mapping[Scope, Settings], tool: str) -> Origin | None:
    """Return where it was set for everybody, None if nowhere."""
    return in_force(by_scope, setting_name(tool))


def role_settings(by_scope: Mapping[Scope, Settings], tool: str) -> tuple[RoleSetting, ...]:
    """Return what is set for roles, the narrowest scope first."""
    return tuple(
        RoleSetting(role, Origin(scope, setting))
        for scope, held in by_scope.items()
        for role, setting in _of_roles(held, tool)
    )


def asks(by_scope: Mapping[Scope, Settings], tool: str) -> bool:
    """Whether each call of a tool waits until somebody allows it."""
    origin = in_force(by_scope, FAMILY + tool)
    return origin is not None and origin.setting.value == ASK


def told(name: str, value: str) -> str:
    """Write a setting for people."""
    tool, _, role = name.removeprefix(FAMILY).partition(FOR_ROLE)
    return f"`{tool}` {value} for <@&{role}>" if role else f"`{tool}` {value}"


def _of_roles(held: Settings, tool: str) -> Iterator[tuple[int, Setting]]:
    beginning = f"{FAMILY}{tool}{FOR_ROLE}"
    for name, setting in held.items():
        role = name.removeprefix(beginning)
        if role != name and role.isdecimal():
            yield int(role), setting
