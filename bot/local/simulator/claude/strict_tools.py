"""What `strict` asks of a tool's schema, and how much of it a request may have.

Anthropic, "Structured outputs": closed objects, no bounds on numbers, texts and lists, and a limited number of
tools, optional parameters and unions in all strict tools together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .failures import Failure, refused
from .prompt import Body

TOOLS_MAX, OPTIONAL_MAX, UNIONS_MAX = 20, 24, 16
BOUNDS = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
)


def check_strict(tools: list[tuple[int, Body]]) -> Failure | None:
    """The first violation in the strict tools of a request, by their places."""
    if len(tools) > TOOLS_MAX:
        return refused(f"Too many strict tools ({len(tools)}). The maximum is {TOOLS_MAX}.")
    optional = unions = 0
    for at, tool in tools:
        for schema in _schemas(tool["input_schema"]):
            if failure := _check(f"tools.{at}.custom", schema):
                return failure
            optional += len(set(schema.get("properties", {})) - set(schema.get("required", ())))
            unions += "anyOf" in schema or isinstance(schema.get("type"), list)
    for name, count, most in (
        ("optional parameters", optional, OPTIONAL_MAX),
        ("parameters with union types", unions, UNIONS_MAX),
    ):
        if count > most:
            return refused(f"Schemas contain too many {name} ({count}). The maximum is {most}.")
    return None


def _check(place: str, schema: dict[str, Any]) -> Failure | None:
    kind = schema.get("type")
    if kind == "object" and schema.get("additionalProperties") is not False:
        return refused(f"{place}: For 'object' type, 'additionalProperties' must be explicitly set to false")
    if bound := next((bound for bound in BOUNDS if bound in schema), None):
        return refused(f"{place}: For '{kind}' type, property '{bound}' is not supported")
    return None


def _schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and all within it."""
    if not isinstance(schema, dict):
        return
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), schema.get("items")]
    for each in (*inner, *schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from _schemas(each)
