"""The sources of the settings.

In order of precedence: the environment, `.env`, `config.toml`; `setting_keys` names the variables.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream
from pydantic import ValidationError

from bot.config.error_line import error_line
from bot.config.exits import Exit
from bot.config.layer import Found, Layer
from bot.config.setting_keys import CONFIG_VARIABLE, LISTS, PREFIX, VARIABLES, keys, variable
from bot.config.settings import Settings
from bot.config.suggestion import nearest
from bot.conversation.errors import StartError


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
        errors += [error_line(detail, merged) for detail in error.errors(include_url=False)]
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
                errors.append(f"{found.where}: unknown; {nearest(unknown, {p: variable(p) for p in keys()})}")
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
            suggestion = nearest(
                section, {path: path for path in known} | {title: f"[{title}]" for title in sections}
            )
            errors.append(f"{name}: {section}: unknown; {suggestion}")
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
                    errors.append(f"{name}: {path}: unknown; {nearest(path, {p: p for p in known})}")
    return layer


def _text(file: Path, name: str, errors: list[str]) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")  # some editors on Windows begin a file with a mark
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        errors.append(f"{name}: cannot be read: {reason}")
        return ""
