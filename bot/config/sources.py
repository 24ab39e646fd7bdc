"""The sources of the settings, and one readable line for each error in them.

In order of precedence: the environment, `.env`, `config.toml`. Four variables have conventional names
(`VARIABLES`); the variable of every other key is `BOT_<SECTION>__<KEY>`.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream
from pydantic import ValidationError

from bot.config.exits import Exit
from bot.config.settings import McpSettings, Section, Settings
from bot.conversation.errors import StartError
from bot.conversation.pricing import PriceRow

VARIABLES = {
    "discord.token": "DISCORD_TOKEN",
    "claude.api_key": "ANTHROPIC_API_KEY",
    "claude.base_url": "ANTHROPIC_BASE_URL",
    "redis.url": "REDIS_URL",
}
CONFIG_VARIABLE = "BOT_CONFIG"
PREFIX = "BOT_"

# Never quoted in an error: secrets, and addresses, which may contain a secret.
HIDDEN = frozenset(
    (
        *VARIABLES,
        *("discord.proxy", "voice.url", "voice.api_key", "telemetry.heartbeat_url", "telemetry.sentry_dsn"),
        *("redis.sentinels", "redis.sentinel_password"),
    )
)
# The sections that are lists of tables, written [[mcp]]; the variable holds a JSON list.
LISTS: Mapping[str, type[Section]] = {"mcp": McpSettings}
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
# Below this likeness (0 to 1) a suggestion misleads more than it helps; difflib's own default.
NEAREST_RATIO = 0.6


@dataclass(frozen=True, slots=True)
class Found:
    """A value, and a description for the operator of where it was set."""

    value: Any
    where: str


Layer = dict[str, Found]  # by path, such as "history.max_tokens"


def keys() -> dict[str, type[Section]]:
    """Return the path of every key with its section, in the order of `Settings`."""
    found: dict[str, type[Section]] = {}
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            found.update(dict.fromkeys((f"{name}.{key}" for key in section.model_fields), section))
    return found


def variable(path: str) -> str:
    """Return the environment variable that sets a key."""
    return VARIABLES.get(path) or PREFIX + path.replace(".", "__").upper()


def load(
    config: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Settings:
    """Read every source and return the settings, or raise `StartError` with one line for each error.

    `config` is the file named on the command line; without `config`, `BOT_CONFIG` names the file, else `config.toml`
    is read if it exists. The file and `.env` are relative to `directory`, by default the working directory.
    """
    directory = directory or Path.cwd()
    errors: list[str] = []
    env_file = _env_file(directory / ".env", errors)
    environment = {
        name: Found(text, f"{name} in the environment")
        for name, text in (os.environ if environ is None else environ).items()
    }
    environ_layer, dotenv_layer = _variables(environment, errors), _variables(env_file, errors)
    named = config or _named(environment) or _named(env_file)
    file_layer = _file(directory, named, errors)

    merged = file_layer | dotenv_layer | environ_layer
    tree: dict[str, Any] = {}
    for path, found in merged.items():
        section, _, key = path.partition(".")
        if key:
            tree.setdefault(section, {})[key] = found.value
        else:
            tree[section] = found.value
    try:
        settings = Settings.model_validate(tree)
        _find_tokens(settings, env_file | environment, errors)
    except ValidationError as error:
        errors += [_line(detail, merged) for detail in error.errors(include_url=False)]
    if errors:
        # Only the lines: pydantic's own text could quote a secret.
        raise StartError("\n".join(errors), exit_code=Exit.SETTINGS) from None
    return settings


def _find_tokens(settings: Settings, variables: Mapping[str, Found], errors: list[str]) -> None:
    for at, server in enumerate(settings.mcp):
        if server.token is None:
            continue
        found = variables.get(server.token)
        if found is None or not found.value.strip():
            errors.append(
                f"mcp[{at}].token: the variable {server.token} is not set; set it in the environment or in .env"
            )
        else:
            server.resolve(found.value.strip())


def _named(variables: Mapping[str, Found]) -> Path | None:
    found = variables.get(CONFIG_VARIABLE)
    return Path(found.value).expanduser() if found and found.value else None


def _env_file(file: Path, errors: list[str]) -> dict[str, Found]:
    if not file.is_file():
        return {}
    text = _text(file, file.name, errors)
    found: dict[str, Found] = {}
    for binding in parse_stream(StringIO(text)):
        original = binding.original
        line = original.line + len(original.string) - len(original.string.lstrip("\n"))
        if binding.error:
            errors.append(f"{file.name}, line {line}: not of the form NAME=value")
        elif binding.key:
            found[binding.key] = Found(binding.value or "", f"{binding.key} in {file.name}, line {line}")
    return found


def _variables(variables: Mapping[str, Found], errors: list[str]) -> Layer:
    paths = {variable(path): path for path in (*keys(), *LISTS)}
    layer: Layer = {}
    for name, found in variables.items():
        upper = name.upper()
        if name in VARIABLES.values():
            if found.value.strip():  # hosts' forms leave them empty
                layer[paths[name]] = found
        elif upper.startswith(PREFIX) and upper != CONFIG_VARIABLE:
            path = paths.get(upper)
            if path is not None and path in LISTS:
                _add_list(layer, path, found, errors)
            elif path:
                layer[path] = found
            else:
                unknown = upper.removeprefix(PREFIX).replace("__", ".").lower()
                errors.append(
                    f"{found.where}: unknown; {_nearest(unknown, {p: variable(p) for p in keys()})}"
                )
    return layer


def _add_list(layer: Layer, path: str, found: Found, errors: list[str]) -> None:
    """Add a list of tables; a variable holds the list as JSON."""
    value = found.value
    if isinstance(value, str):
        if not value.strip():
            return
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        layer[path] = Found(value, found.where)
    else:
        written = f"written [[{path}]]" if found.where.endswith(".toml") else "written as JSON"
        errors.append(f"{found.where}: {path}: must be a list of tables, {written}")


def _file(directory: Path, named: Path | None, errors: list[str]) -> Layer:
    name = str(named or "config.toml")
    file = directory / name
    if not file.is_file():
        if named:
            reason = "is a directory; name a file" if file.is_dir() else "no such file; name another"
            errors.append(f"{name}: {reason} with --config or {CONFIG_VARIABLE}")
        return {}
    try:
        tables = tomllib.loads(_text(file, name, errors))
    except tomllib.TOMLDecodeError as error:
        errors.append(f"{name}: not valid TOML: {error}")
        return {}
    known = keys()
    sections = Settings.model_fields
    layer: Layer = {}
    for section, table in tables.items():
        if section not in sections:
            nearest = _nearest(
                section, {path: path for path in known} | {title: f"[{title}]" for title in sections}
            )
            errors.append(f"{name}: {section}: unknown; {nearest}")
        elif section in LISTS:
            _add_list(layer, section, Found(table, name), errors)
        elif not isinstance(table, dict):
            errors.append(f"{name}: {section}: found a single value; must be a table, written [{section}]")
        else:
            for key, value in table.items():
                path = f"{section}.{key}"
                if path in known:
                    layer[path] = Found(value, name)
                else:
                    errors.append(f"{name}: {path}: unknown; {_nearest(path, {p: p for p in known})}")
    return layer


def _text(file: Path, name: str, errors: list[str]) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")  # some editors on Windows begin a file with a mark
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        errors.append(f"{name}: cannot be read: {reason}")
        return ""


def _nearest(unknown: str, names: Mapping[str, str]) -> str:
    """Suggest the key whose path, or whose last part, is most similar to an unknown key."""

    section, _, key = unknown.rpartition(".")

    def likeness(path: str) -> float:
        holder, _, name = path.rpartition(".")
        last = SequenceMatcher(None, key, name).ratio()
        if section and section == holder:  # the equal section would make all its keys similar
            return last
        return max(SequenceMatcher(None, unknown, path).ratio(), last * 0.95)

    best = max(names, key=likeness)
    if likeness(best) >= NEAREST_RATIO:
        return f"did you mean {names[best]}?"
    if siblings := [shown for path, shown in names.items() if section and path.startswith(f"{section}.")]:
        return f"known there: {', '.join(siblings)}"
    return "config.example.toml lists what there is"


def _line(detail: Mapping[str, Any], merged: Layer) -> str:
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
