"""Modals: their limits, and the components of a submitted modal (components/reference). Pure."""

from __future__ import annotations

from typing import Any

from bot.local.simulator.discord import components
from bot.local.simulator.discord.components import LABEL, ROW, SELECTS, TEXT, TEXT_INPUT, check_length
from bot.local.simulator.discord.errors import Problems, invalid

Json = dict[str, Any]

MOST_PARTS = 5
MOST_TITLE_CHARACTERS = 45
MOST_TEXT_CHARACTERS = 4000
UPLOAD, RADIOS, CHECKS, CHECK = 19, 21, 22, 23
_IN_LABEL = SELECTS | {TEXT_INPUT, UPLOAD, RADIOS, CHECKS, CHECK}


def check(data: Json) -> Json:
    """The modal as it is kept; raises the 50035 that names every problem."""
    problems = Problems()
    if not 1 <= len(str(data.get("title") or "")) <= MOST_TITLE_CHARACTERS:
        text = f"Must be between 1 and {MOST_TITLE_CHARACTERS} in length."
        problems.add("data.title", "BASE_TYPE_BAD_LENGTH", text)
    check_length(data, "custom_id", 1, components.MOST_CUSTOM_ID_CHARACTERS, "data", problems)
    parts = data.get("components")
    if not isinstance(parts, list) or not 1 <= len(parts) <= MOST_PARTS:
        problems.add(
            "data.components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MOST_PARTS} in length."
        )
        parts = []
    for index, part in enumerate(parts):
        _check_part(part, f"data.components.{index}", problems)
    problems.raise_if_any()
    return data | {"components": components.numbered(parts)}


def _check_part(part: Any, path: str, problems: Problems) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == LABEL:
        check_length(part, "label", 1, 45, path, problems)
        if len(str(part.get("description") or "")) > 100:
            problems.add(f"{path}.description", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
        inner = part.get("component")
        if not isinstance(inner, dict) or inner.get("type") not in _IN_LABEL:
            problems.add(f"{path}.component", "BASE_TYPE_REQUIRED", "This field is required")
        else:
            _check_field(inner, f"{path}.component", problems)
    elif kind == ROW:
        inside = part.get("components") or []
        if len(inside) != 1 or inside[0].get("type") != TEXT_INPUT:
            problems.add(f"{path}.components", "BASE_TYPE_BAD_LENGTH", "Must be 1 in length.")
        else:
            check_length(inside[0], "label", 1, 45, f"{path}.components.0", problems)
            _check_field(inside[0], f"{path}.components.0", problems)
    elif kind == TEXT:
        check_length(part, "content", 1, MOST_TEXT_CHARACTERS, path, problems)
    else:
        problems.add(
            f"{path}.type", "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1, 10, 18).'
        )


def _check_field(field: Json, path: str, problems: Problems) -> None:
    check_length(field, "custom_id", 1, components.MOST_CUSTOM_ID_CHARACTERS, path, problems)
    if field["type"] in SELECTS:
        components.check_select(field, path, problems)
    if field["type"] != TEXT_INPUT:
        return
    if field.get("style") not in (1, 2):
        problems.add(f"{path}.style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
    if len(str(field.get("placeholder") or "")) > 100:
        problems.add(f"{path}.placeholder", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
    most = field.get("max_length") or MOST_TEXT_CHARACTERS
    if not 1 <= most <= MOST_TEXT_CHARACTERS:
        problems.add(f"{path}.max_length", "NUMBER_TYPE_MAX", "int value should be between 1 and 4000.")
    if len(str(field.get("value") or "")) > most:
        problems.add(f"{path}.value", "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")


def filled(modal: Json, values: Json) -> list[Json]:
    """The components of a MODAL_SUBMIT, from what a user entered by custom id.

    A field that is left alone keeps its value. Raises the 50035 a client would not let happen: an unknown field,
    one that is required and empty, a text that is too long or too short.
    """
    known = {each["custom_id"] for each in components.walk(modal["components"]) if each.get("custom_id")}
    for custom_id in values:
        if custom_id not in known:
            raise invalid(
                custom_id, "COMPONENT_UNKNOWN", f"The modal has no field {custom_id!r}, only {sorted(known)}."
            )
    return [_filled(each, values) for each in modal["components"]]


def _filled(part: Json, values: Json) -> Json:
    kind = part["type"]
    payload: Json = {"type": kind, "id": part.get("id")}
    if kind == LABEL:
        payload["component"] = _entered(part["component"], values)
    elif kind == ROW:
        payload["components"] = [_entered(each, values) for each in part["components"]]
    return payload


def _entered(field: Json, values: Json) -> Json:
    custom_id = field["custom_id"]
    payload: Json = {"type": field["type"], "id": field.get("id"), "custom_id": custom_id}
    given = values.get(custom_id)
    if field["type"] != TEXT_INPUT:
        several = field["type"] not in (RADIOS, CHECK)
        if several:
            payload["values"] = [] if given is None else [str(each) for each in given]
        else:
            payload["value"] = given
        return payload
    text = str(field.get("value") or "") if given is None else str(given)
    required = field.get("required", True)
    most, least = field.get("max_length") or MOST_TEXT_CHARACTERS, field.get("min_length") or 0
    if (required and not text) or len(text) > most or (text and len(text) < least):
        raise invalid(
            custom_id,
            "BASE_TYPE_BAD_LENGTH",
            f"Must be between {max(least, int(required))} and {most} in length.",
        )
    payload["value"] = text
    return payload
