"""Message components: nesting, limits and ids (components/reference).

Pure. `check` is for messages; modals have their own rules in `modals`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.local.simulator.discord.errors import Problems

Json = dict[str, Any]

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LABEL = 18

SELECTS = frozenset({STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT})
_V2_TOP = frozenset({ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER})
_IN_CONTAINER = _V2_TOP - {CONTAINER}

MOST_ROWS = 5
MOST_BUTTONS = 5
MOST_OPTIONS = 25
MOST_COMPONENTS_V2 = 40
MOST_TEXT_V2_CHARACTERS = 4000
MOST_CUSTOM_ID_CHARACTERS = 100
_LINK, _PREMIUM = 5, 6


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component, nested ones included, in the order in which they are shown."""
    for each in components:
        yield each
        yield from walk(each.get("components") or [])
        for key in ("accessory", "component"):
            if isinstance(each.get(key), dict):
                yield from walk([each[key]])


def text_of(components: list[Json]) -> str:
    """All text displays, which are what a V2 message says."""
    return "\n".join(str(each.get("content", "")) for each in walk(components) if each.get("type") == TEXT)


def find(components: list[Json], custom_id: str) -> Json | None:
    """The component with that custom id."""
    return next((each for each in walk(components) if each.get("custom_id") == custom_id), None)


def numbered(components: list[Json]) -> list[Json]:
    """The components with an `id` each, as Discord adds them: counted up from 1 where none was given."""
    taken = {each["id"] for each in walk(components) if each.get("id")}
    free = (number for number in range(1, 10_000) if number not in taken)
    return [_numbered(each, free) for each in components]


def _numbered(component: Json, free: Iterator[int]) -> Json:
    payload = dict(component)
    payload["id"] = component.get("id") or next(free)
    if component.get("components"):
        payload["components"] = [_numbered(each, free) for each in component["components"]]
    for key in ("accessory", "component"):
        if isinstance(component.get(key), dict):
            payload[key] = _numbered(component[key], free)
    return payload


def check(value: Any, problems: Problems, *, v2: bool) -> list[Json]:
    """The components as they are stored; problems are noted under `components`."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        problems.add("components", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return []
    if v2:
        everything = list(walk(value))
        if len(everything) > MOST_COMPONENTS_V2:
            problems.add(
                "components", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_COMPONENTS_V2} or fewer in length."
            )
        if len(text_of(value)) > MOST_TEXT_V2_CHARACTERS:
            message = (
                f"The total displayable text size exceeds the maximum size of {MOST_TEXT_V2_CHARACTERS}."
            )
            problems.add("components", "COMPONENT_MAX_TOTAL_COMPONENTS_TEXT_SIZE_EXCEEDED", message)
    elif len(value) > MOST_ROWS:
        problems.add("components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MOST_ROWS} in length.")
    for index, each in enumerate(value):
        _check_top(each, f"components.{index}", problems, _V2_TOP if v2 else frozenset({ROW}))
    _check_unique(value, problems)
    return numbered(value)


def _check_top(component: Json, path: str, problems: Problems, allowed: frozenset[int]) -> None:
    kind = component.get("type")
    if kind not in allowed:
        choices = ", ".join(str(each) for each in sorted(allowed))
        problems.add(
            f"{path}.type", "UNION_TYPE_CHOICES", f'Value of field "type" must be one of ({choices}).'
        )
        return
    inner = component.get("components") or []
    if kind == ROW:
        _check_row(inner, path, problems)
    elif kind == TEXT:
        check_length(component, "content", 1, MOST_TEXT_V2_CHARACTERS, path, problems)
    elif kind == CONTAINER:
        for index, each in enumerate(inner):
            _check_top(each, f"{path}.components.{index}", problems, _IN_CONTAINER)
    elif kind == SECTION:
        if not 1 <= len(inner) <= 3:
            problems.add(f"{path}.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 3 in length.")
        accessory = component.get("accessory")
        if not isinstance(accessory, dict):
            problems.add(f"{path}.accessory", "BASE_TYPE_REQUIRED", "This field is required")
        elif accessory.get("type") == BUTTON:
            _check_button(accessory, f"{path}.accessory", problems)


def _check_row(inner: list[Json], path: str, problems: Problems) -> None:
    selects = [each for each in inner if each.get("type") in SELECTS]
    if not 1 <= len(inner) <= MOST_BUTTONS:
        problems.add(
            f"{path}.components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MOST_BUTTONS} in length."
        )
    if selects and len(inner) > 1:
        message = "The specified component exceeds the maximum width"
        problems.add(f"{path}.components.1", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message)
    for index, each in enumerate(inner):
        where = f"{path}.components.{index}"
        if each.get("type") == BUTTON:
            _check_button(each, where, problems)
        elif each.get("type") in SELECTS:
            check_select(each, where, problems)
        else:
            problems.add(f"{where}.type", "BASE_TYPE_CHOICES", "Value must be one of {2, 3, 5, 6, 7, 8}.")


def _check_button(button: Json, path: str, problems: Problems) -> None:
    style = button.get("style")
    if style not in range(1, 7):
        problems.add(f"{path}.style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}.")
    if len(str(button.get("label") or "")) > 80:
        problems.add(f"{path}.label", "BASE_TYPE_MAX_LENGTH", "Must be 80 or fewer in length.")
    if style == _LINK:
        check_length(button, "url", 1, 512, path, problems)
    elif style != _PREMIUM:
        check_length(button, "custom_id", 1, MOST_CUSTOM_ID_CHARACTERS, path, problems)
        if not button.get("label") and not button.get("emoji"):
            problems.add(f"{path}.label", "BASE_TYPE_REQUIRED", "This field is required")


def check_select(select: Json, path: str, problems: Problems) -> None:
    """Note what is wrong with a select menu, in a message or a modal."""
    check_length(select, "custom_id", 1, MOST_CUSTOM_ID_CHARACTERS, path, problems)
    if len(str(select.get("placeholder") or "")) > 150:
        problems.add(f"{path}.placeholder", "BASE_TYPE_MAX_LENGTH", "Must be 150 or fewer in length.")
    if select.get("type") != STRING_SELECT:
        return
    options = select.get("options") or []
    if not 1 <= len(options) <= MOST_OPTIONS:
        problems.add(
            f"{path}.options", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MOST_OPTIONS} in length."
        )
    seen: set[str] = set()
    for index, option in enumerate(options):
        where = f"{path}.options.{index}"
        check_length(option, "label", 1, 100, where, problems)
        check_length(option, "value", 1, 100, where, problems)
        if len(str(option.get("description") or "")) > 100:
            problems.add(f"{where}.description", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
        if str(option.get("value")) in seen:
            message = "The specified option value is already used"
            problems.add(f"{where}.value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
        seen.add(str(option.get("value")))


def check_length(holder: Json, key: str, least: int, most: int, path: str, problems: Problems) -> None:
    """Note a text that is missing, too short or too long."""
    value = holder.get(key)
    if not value:
        problems.add(f"{path}.{key}", "BASE_TYPE_REQUIRED", "This field is required")
    elif not least <= len(str(value)) <= most:
        problems.add(
            f"{path}.{key}", "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length."
        )


def _check_unique(components: list[Json], problems: Problems) -> None:
    seen: set[str] = set()
    for each in walk(components):
        custom_id = each.get("custom_id")
        if custom_id and custom_id in seen:
            message = "Component custom id cannot be duplicated"
            problems.add("components", "COMPONENT_CUSTOM_ID_DUPLICATED", message)
        if custom_id:
            seen.add(custom_id)
