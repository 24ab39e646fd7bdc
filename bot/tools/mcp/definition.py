"""The definition of a tool of a remote server, cleaned and bounded: pure.

Everything here was written by the operator of another server, and a request names it to Claude: texts lose what is
invisible or imitates our elements, and a tool that the Messages API would refuse is left out, because with it every
request would fail.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bot.conversation.tool_definition import ToolDefinition
from bot.conversation.visible import readable, unforged

MOST_NAME_CHARS = 64
"""The Messages API takes no longer name."""

MOST_DESCRIPTION_CHARS = 2000
MOST_SCHEMA_CHARS = 16_000
"""About 5,000 tokens, which every request would hold."""

MOST_RAW_CHARS = 4 * MOST_SCHEMA_CHARS
"""Long texts within a schema are cut; a longer schema is not looked at."""

MOST_NODES = 600
"""The most values in a schema. The library that checks schemas takes about half a millisecond for each."""

PATTERN_NODES = 20
"""For how many values a pattern counts: compiling one takes up to ten milliseconds."""

MOST_NUMBER = 2**64
"""Python refuses to write numbers of very many digits."""

MOST_DEPTH = 20
MOST_TEXT_CHARS = 500
"""The most characters of a description within a schema."""

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")
_PROPERTY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
"""What the Messages API takes as the name of an argument."""

_ONLY_WITHIN = ("oneOf", "allOf", "anyOf")
"""What the Messages API does not take at the top of a schema."""

_DROPPED = ("$schema", "$id", "title")
_TEXTS = ("description", "title", "$comment")
_DIGEST_CHARS = 32


class Unusable(ValueError):
    """A tool cannot be offered; the text says why, and quotes nothing of the server's."""


@dataclass(frozen=True, slots=True)
class RemoteTool:
    """A tool of a server as it is offered: `remote_name` is what the server calls it, `schema` is JSON.

    `reads_only`: the server says that the tool changes nothing.
    """

    server: str
    remote_name: str
    name: str
    description: str
    schema: str
    reads_only: bool

    @property
    def digest(self) -> str:
        """Names this definition; another one has another digest."""
        return hashlib.sha256(self.dump().encode()).hexdigest()[:_DIGEST_CHARS]

    @property
    def definition(self) -> ToolDefinition:
        """The definition as a part of a request."""
        definition = {
            "name": self.name,
            "description": self.description,
            "input_schema": json.loads(self.schema),
        }
        return ToolDefinition(self.name, json.dumps(definition, sort_keys=True))

    def dump(self) -> str:
        """Write the definition for the store."""
        return json.dumps(asdict(self), sort_keys=True)


def load_tool(text: str) -> RemoteTool | None:
    """Read a definition from the store, None if another version wrote it."""
    try:
        return RemoteTool(**json.loads(text))
    except (ValueError, TypeError):
        return None


def remote_tool(
    server: str, remote_name: str, description: str | None, schema: Mapping[str, Any], *, reads_only: bool
) -> RemoteTool:
    """Make a definition of what a server says of a tool; raises Unusable."""
    name = _name(server, remote_name)
    nodes_of(schema)
    said = _cleaned(description or "", MOST_DESCRIPTION_CHARS)
    return RemoteTool(
        server,
        remote_name,
        name,
        f"From the MCP server {server}. {said}".strip(),
        _schema(schema),
        reads_only,
    )


def nodes_of(schema: Mapping[str, Any]) -> int:
    """Count the values of a schema; raises Unusable as soon as there are too many, or too many characters."""
    nodes, chars = 0, 0
    values: list[Any] = [schema]
    while values:
        value = values.pop()
        nodes += 1
        if isinstance(value, Mapping):
            chars += sum(map(len, value))
            values += value.values()
            patterns = value.get("patternProperties")
            nodes += PATTERN_NODES * ("pattern" in value)
            nodes += PATTERN_NODES * (len(patterns) if isinstance(patterns, Mapping) else 0)
        elif isinstance(value, list):
            values += value
        elif isinstance(value, str):
            chars += len(value)
        elif isinstance(value, int | float) and not abs(value) <= MOST_NUMBER:
            raise Unusable("its schema has a number that is too large")
        if nodes + len(values) > MOST_NODES:
            raise Unusable(f"its schema has more than {MOST_NODES} values")
        if chars > MOST_RAW_CHARS:
            raise Unusable(f"its schema has more than {MOST_SCHEMA_CHARS} characters")
    return nodes


def told_definition(tool: RemoteTool) -> str:
    """Write a definition for people."""
    does = "changes nothing, as the server says" if tool.reads_only else "may change something"
    return f"{tool.name} ({does})\n{tool.description}\nIts arguments: {tool.schema}"


def told_change(pinned: RemoteTool, listed: RemoteTool | None) -> str:
    """Say in one text what a server has changed of a tool."""
    if listed is None:
        return "The server does not have this tool any more."
    parts = []
    if pinned.description != listed.description:
        parts.append(f"Its description was: {pinned.description}\nIt is now: {listed.description}")
    if pinned.schema != listed.schema:
        parts.append(f"Its arguments were: {pinned.schema}\nThey are now: {listed.schema}")
    if pinned.reads_only != listed.reads_only:
        now = "changes nothing" if listed.reads_only else "changes something"
        parts.append(f"The server now says that the tool {now}.")
    return "\n".join(parts) or "The server calls the tool by another name."


def _name(server: str, remote_name: str) -> str:
    if not remote_name:
        raise Unusable("it has no name")
    name = f"{server}_{_NOT_IN_NAMES.sub('_', remote_name[:MOST_NAME_CHARS])}"
    if len(name) > MOST_NAME_CHARS:
        raise Unusable(f"its name has more than {MOST_NAME_CHARS} characters")
    return name


def _cleaned(text: str, most: int) -> str:
    clean = unforged(readable(text[: 2 * most])).strip()
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def _schema(schema: Mapping[str, Any]) -> str:
    # Takes a tenth of a second to load, and most bots have no remote server.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    kept = {key: value for key, value in schema.items() if key not in _DROPPED}
    clean = _walked(kept, MOST_DEPTH)
    if clean.get("type") != "object":
        raise Unusable("its arguments are no object")
    if any(key in clean for key in _ONLY_WITHIN):
        raise Unusable(f"its schema has {', '.join(_ONLY_WITHIN)} at its top")
    properties = clean.get("properties", {})
    if not isinstance(properties, dict) or not all(map(_PROPERTY.fullmatch, properties)):
        raise Unusable("an argument has a name that Claude does not take")
    try:
        Draft202012Validator.check_schema(clean)
    except SchemaError:
        raise Unusable("its schema is no valid JSON schema") from None
    except Exception:  # noqa: BLE001 - whatever the library makes of a hostile schema
        raise Unusable("its schema cannot be checked") from None
    text = json.dumps(clean, sort_keys=True)
    if len(text) > MOST_SCHEMA_CHARS:
        raise Unusable(f"its schema has more than {MOST_SCHEMA_CHARS} characters")
    return text


def _walked(value: Any, depth: int, key: str = "") -> Any:
    """Return a part of a schema with clean texts; references may lead within the schema alone."""
    if depth == 0:
        raise Unusable("its schema is nested too deeply")
    match value:
        case dict():
            return {_plain(each): _walked(value[each], depth - 1, each) for each in value}
        case list():
            return [_walked(each, depth - 1) for each in value]
        case str() if key in _TEXTS:
            return _cleaned(value, MOST_TEXT_CHARS)
        case str() if key in ("$ref", "$dynamicRef") and not value.startswith("#"):
            raise Unusable("its schema refers to another document")
        case str():
            return _plain(value)
        case _:
            return value


def _plain(text: str) -> str:
    if readable(text) != text or unforged(text) != text:
        raise Unusable("its schema holds invisible characters or imitates an element")
    return text
