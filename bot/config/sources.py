"""Where settings are read from, and one readable line for each thing that is wrong with them.

Strongest first: the environment, `.env`, `config.toml`. Four names are the ones every host knows
(`VARIABLES`); every other key is `BOT_<SECTION>__<KEY>`.
"""

from __future__ import annotations

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
from bot.config.settings import Section, Settings
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

# Never quoted in an error: secrets, and addresses, which may hold one.
HIDDEN = frozenset(VARIABLES)
# What TOML writes without quotes.
_BARE = re.compile(r"[A-Za-z0-9_-]+")
# A found value is quoted up to here: enough to recognise it, short enough for one line.
SHOWN_CHARACTERS = 60
# Below this likeness (0 to 1) a suggestion misleads more than it helps; difflib's own default.
NEAREST_RATIO = 0.6


@dataclass(frozen=True, slots=True)
class Found:
    """A value, and the words that tell an operator where it was set."""

    value: Any
    where: str


Layer = dict[str, Found]  # by path, such as "history.max_tokens"


def keys() -> dict[str, type[Section]]:
    """The path of every key with the section that holds it, in the order of the tree."""
    found: dict[str, type[Section]] = {}
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            found.update(dict.fromkeys((f"{name}.{key}" for key in section.model_fields), section))
    return found


def variable(path: str) -> str:
    """The environment variable that sets a key."""
    return VARIABLES.get(path) or PREFIX + path.replace(".", "__").upper()


def load(
    config: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Settings:
    """Read every source and return the settings, or raise `StartError` with one line for each thing wrong.

    `config` is the file named on the command line; without one, `BOT_CONFIG` names it, else `config.toml` is
    read if it is there. It and `.env` are looked for in `directory`, by default the working directory.
    """
    directory = directory or Path.cwd()
    wrong: list[str] = []
    env_file = _env_file(directory / ".env", wrong)
    environment = {
        name: Found(text, f"{name} in the environment")
        for name, text in (os.environ if environ is None else environ).items()
    }
    environ_layer, dotenv_layer = _variables(environment, wrong), _variables(env_file, wrong)
    named = config or _named(environment) or _named(env_file)
    file_layer = _file(directory, named, wrong)

    merged = file_layer | dotenv_layer | environ_layer
    tree: dict[str, dict[str, Any]] = {}
    for path, found in merged.items():
        section, key = path.split(".")
        tree.setdefault(section, {})[key] = found.value
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        wrong += [_line(detail, merged) for detail in error.errors(include_url=False)]
    if wrong:
        # Only the lines: what pydantic says beside them could quote a secret.
        raise StartError("\n".join(wrong), exit_code=Exit.SETTINGS) from None
    return settings


def _named(variables: Mapping[str, Found]) -> Path | None:
    found = variables.get(CONFIG_VARIABLE)
    return Path(found.value).expanduser() if found and found.value else None


def _env_file(file: Path, wrong: list[str]) -> dict[str, Found]:
    if not file.is_file():
        return {}
    text = _text(file, file.name, wrong)
    found: dict[str, Found] = {}
    for binding in parse_stream(StringIO(text)):
        original = binding.original
        line = original.line + len(original.string) - len(original.string.lstrip("\n"))
        if binding.error:
            wrong.append(f"{file.name}, line {line}: not of the form NAME=value")
        elif binding.key:
            found[binding.key] = Found(binding.value or "", f"{binding.key} in {file.name}, line {line}")
    return found


def _variables(variables: Mapping[str, Found], wrong: list[str]) -> Layer:
    paths = {variable(path): path for path in keys()}
    layer: Layer = {}
    for name, found in variables.items():
        upper = name.upper()
        if name in VARIABLES.values():
            if found.value.strip():  # hosts' forms leave them empty
                layer[paths[name]] = found
        elif upper.startswith(PREFIX) and upper != CONFIG_VARIABLE:
            if path := paths.get(upper):
                layer[path] = found
            else:
                asked = upper.removeprefix(PREFIX).replace("__", ".").lower()
                wrong.append(f"{found.where}: unknown; {_nearest(asked, {p: variable(p) for p in keys()})}")
    return layer


def _file(directory: Path, named: Path | None, wrong: list[str]) -> Layer:
    name = str(named or "config.toml")
    file = directory / name
    if not file.is_file():
        if named:
            reason = "is a directory; name a file" if file.is_dir() else "no such file; name another"
            wrong.append(f"{name}: {reason} with --config or {CONFIG_VARIABLE}")
        return {}
    try:
        tables = tomllib.loads(_text(file, name, wrong))
    except tomllib.TOMLDecodeError as error:
        wrong.append(f"{name}: not valid TOML: {error}")
        return {}
    known = keys()
    sections = Settings.model_fields
    layer: Layer = {}
    for section, table in tables.items():
        if section not in sections:
            nearest = _nearest(
                section, {path: path for path in known} | {title: f"[{title}]" for title in sections}
            )
            wrong.append(f"{name}: {section}: unknown; {nearest}")
        elif not isinstance(table, dict):
            wrong.append(f"{name}: {section}: found a single value; must be a table, written [{section}]")
        else:
            for key, value in table.items():
                path = f"{section}.{key}"
                if path in known:
                    layer[path] = Found(value, name)
                else:
                    wrong.append(f"{name}: {path}: unknown; {_nearest(path, {p: p for p in known})}")
    return layer


def _text(file: Path, name: str, wrong: list[str]) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")  # some editors on Windows begin a file with a mark
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        wrong.append(f"{name}: cannot be read: {reason}")
        return ""


def _nearest(asked: str, names: Mapping[str, str]) -> str:
    """Suggest the name whose path, or whose last part, is most like what was asked for."""

    section, _, key = asked.rpartition(".")

    def likeness(path: str) -> float:
        holder, _, name = path.rpartition(".")
        last = SequenceMatcher(None, key, name).ratio()
        if section and section == holder:  # equal sections would make all their keys look alike
            return last
        return max(SequenceMatcher(None, asked, path).ratio(), last * 0.95)

    best = max(names, key=likeness)
    if likeness(best) >= NEAREST_RATIO:
        return f"did you mean {names[best]}?"
    if siblings := [shown for path, shown in names.items() if section and path.startswith(f"{section}.")]:
        return f"known there: {', '.join(siblings)}"
    return "config.example.toml lists what there is"


def _line(detail: Mapping[str, Any], merged: Layer) -> str:
    """Turn one of pydantic's findings into one line: where it was set, what was found, what is allowed."""
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if detail["type"] == "path_not_file":
        message = "must name a file that is there"
    path, inner = ".".join(map(str, detail["loc"][:2])), detail["loc"][2:]
    found = merged.get(path)
    if found and inner:
        return f"{found.where}: {path}{_inner(inner)}: {_inside(detail, message)}"
    if found:
        return f"{found.where}: {path}: found {_shown(path, found.value)}; {_allowed(path) or message}"
    # A combination: each place that set one of the keys which the message names.
    places = [
        found.where
        for key, found in merged.items()
        if key.startswith(f"{path}.") and key[len(path) + 1 :] in message
    ]
    return f"{' and '.join(dict.fromkeys(places))}: {path}: {message}"


def _inner(loc: Sequence[str | int]) -> str:
    """Write the way to a value within a table or a list as TOML does."""
    return "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" if _BARE.fullmatch(part) else f'."{part[:60]}"'
        for part in loc
        if part != "[key]"  # pydantic's mark for what is wrong with a name
    )


def _inside(detail: Mapping[str, Any], message: str) -> str:
    """Say what is wrong with a value within a table or a list."""
    if detail["type"] == "missing":
        return "is missing"
    known = ", ".join(PriceRow.model_fields)
    if detail["type"] == "extra_forbidden":
        return f"unknown; known there: {known}"
    if detail["type"] == "model_type":
        message = f"must be a table with some of: {known}"
    return f"found {_shown('', detail['input'])}; {message}"


def _allowed(path: str) -> str:
    """What a key may hold, where pydantic would name only the bound that was broken."""
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
