"""One readable line for an error in the settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.config.layer import Layer
from bot.config.setting_keys import HIDDEN, LISTS, keys
from bot.conversation.pricing import PriceRow

# A key that TOML writes without quotes.
_BARE = re.compile(r"[A-Za-z0-9_-]+")
# The quoted part of a wrong value: enough to recognise it, short enough for one line.
SHOWN_CHARACTERS = 60
# What is allowed, where pydantic's own words do not say it.
_PLAIN = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "path_not_file": "must name a file that is there",
}
# What matches the patterns of a list's keys, and the keys whose values may hold a secret.
_FORMS = {
    "name": "must be up to 20 small letters, digits and hyphens, and begin with a letter",
    "token": "must be the name of a variable of the environment that holds the token, not the token itself",
}
_NOT_SHOWN = ("url", "token")


def error_line(detail: Mapping[str, Any], merged: Layer) -> str:
    """Turn one of pydantic's errors into one line: where the value was set, the value, what is allowed."""
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    message = _PLAIN.get(detail["type"], message)
    loc = detail["loc"]
    depth = 1 if loc[0] in LISTS else 2
    path, inner = ".".join(map(str, loc[:depth])), loc[depth:]
    found = merged.get(path)
    if found and inner:
        return f"{found.where}: {path}{_inner(inner)}: {_inside(path, detail, message)}"
    if found and path in LISTS:
        return f"{found.where}: {path}: {message}"
    if found:
        return f"{found.where}: {path}: found {_shown(path, found.value)}; {_allowed(path) or message}"
    # An error about several keys: name each source that set a key named in the message.
    origins = [
        found.where
        for key, found in merged.items()
        if key.startswith(f"{path}.") and key[len(path) + 1 :] in message
    ]
    return f"{' and '.join(dict.fromkeys(origins))}: {path}: {message}"


def _inner(loc: Sequence[str | int]) -> str:
    """Write the path of a value within a table or a list as TOML does."""
    return "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" if _BARE.fullmatch(part) else f'."{part[:60]}"'
        for part in loc
        if part != "[key]"  # pydantic's mark for an error in a key
    )


def _inside(path: str, detail: Mapping[str, Any], message: str) -> str:
    """Describe the error of a value within a table or a list."""
    if path in LISTS and isinstance(detail["input"], dict) and detail["type"] == "value_error":
        return str(message)
    if detail["type"] == "missing":
        return "is missing"
    known = ", ".join(LISTS[path].model_fields if path in LISTS else PriceRow.model_fields)
    if detail["type"] == "extra_forbidden":
        return f"unknown; known there: {known}"
    if detail["type"] == "model_type":
        message = f"must be a table with some of: {known}"
    if detail["type"] == "string_pattern_mismatch" and path in LISTS:
        message = _FORMS.get(str(detail["loc"][-1]), message)
    is_hidden = path in HIDDEN or detail["loc"][-1] in _NOT_SHOWN
    shown = "a value that is not shown here" if is_hidden else _shown("", detail["input"])
    return f"found {shown}; {message}"


def _allowed(path: str) -> str:
    """Return all bounds of a number; pydantic would name only the violated one."""
    field = keys()[path].model_fields[path.partition(".")[2]]
    if field.annotation not in (int, float):
        return ""
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    bounds = [
        f"{words[name]} {bound}"
        for rule in field.metadata
        for name in words
        if (bound := getattr(rule, name, None)) is not None
    ]
    kind = "a whole number" if field.annotation is int else "a number"
    return ", ".join([f"must be {kind}", *bounds])


def _shown(path: str, value: Any) -> str:
    if path in HIDDEN:
        return "a value that is not shown here"
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    text = repr(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
