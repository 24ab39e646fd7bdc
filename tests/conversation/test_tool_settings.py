"""Which tools are offered in a place, and what holds for a person's roles."""

from __future__ import annotations

import pytest

from bot.conversation.scope import Scope, Setting
from bot.conversation.tool_settings import is_on, role_settings, setting_name, state_for, told

TOOL = "time_in"
ALL, MODS, NEW = 1, 5, 6


def scopes(**given: dict[str, str]) -> dict[Scope, dict[str, Setting]]:
    return {
        scope: {name: Setting(value) for name, value in given.get(scope.value, {}).items()} for scope in Scope
    }


GENERAL = setting_name(TOOL)
FOR_MODS, FOR_NEW, FOR_ALL = (setting_name(TOOL, role) for role in (MODS, NEW, ALL))


@pytest.mark.parametrize(
    ("given", "defaults", "offered"),
    [
        (scopes(), (), False),
        (scopes(), (TOOL,), True),
        (scopes(server={GENERAL: "off"}), (TOOL,), False),
        (scopes(server={GENERAL: "off"}, thread={GENERAL: "on"}), (), True),
        (scopes(server={GENERAL: "ask"}), (), True),
        (scopes(server={FOR_MODS: "on"}), (), True),
        (scopes(server={FOR_MODS: "on"}, thread={GENERAL: "off"}), (), False),
        (scopes(server={GENERAL: "off", FOR_MODS: "on"}), (), True),
        (scopes(server={FOR_NEW: "off"}), (), False),
        (scopes(server={FOR_NEW: "off"}), (TOOL,), True),
        (scopes(server={setting_name("time_in_other"): "on"}), (), False),
    ],
)
def test_a_tool_is_offered_by_the_narrowest_scope_that_decides(
    given: dict[Scope, dict[str, Setting]], defaults: tuple[str, ...], offered: bool
) -> None:
    assert is_on(given, TOOL, defaults) is offered


@pytest.mark.parametrize(
    ("given", "roles", "state"),
    [
        (scopes(), {ALL}, None),
        (scopes(server={GENERAL: "ask"}), {ALL}, "ask"),
        (scopes(server={FOR_ALL: "off", FOR_MODS: "on"}), {ALL, MODS}, "on"),
        (scopes(server={FOR_ALL: "off", FOR_MODS: "on"}), {ALL}, "off"),
        (scopes(server={FOR_ALL: "off", FOR_MODS: "ask"}), {ALL, MODS}, "ask"),
        (scopes(server={GENERAL: "on", FOR_NEW: "off"}), {ALL, NEW}, "off"),
        (scopes(server={GENERAL: "on", FOR_NEW: "off"}), {ALL}, "on"),
        (scopes(server={FOR_MODS: "on"}, channel={GENERAL: "off"}), {ALL, MODS}, "off"),
        (scopes(server={FOR_ALL: "off"}, channel={FOR_MODS: "on"}), {ALL}, "off"),
    ],
)
def test_a_person_has_the_most_that_one_of_the_roles_has_in_the_narrowest_scope(
    given: dict[Scope, dict[str, Setting]], roles: set[int], state: str | None
) -> None:
    assert state_for(given, TOOL, roles) == state


def test_settings_are_told_with_the_tool_and_the_role() -> None:
    assert told(GENERAL, "on") == "`time_in` on"
    assert told(FOR_MODS, "off") == "`time_in` off for <@&5>"
    (found,) = role_settings(scopes(server={FOR_MODS: "on", GENERAL: "off"}), TOOL)
    assert (found.role, found.origin.scope) == (MODS, Scope.SERVER)
