"""Tools made of typed functions: pydantic makes the schema and checks the arguments."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from bot.tools.tool import TIME_LIMIT_S, Audience, Tool, ToolContext, ToolFailed, ToolOutput

Function = Callable[..., Awaitable[ToolOutput | str]]
Settling = Callable[..., Awaitable[Mapping[str, str]]]


def tool_of(
    function: Function,
    *,
    status: str,
    changes: bool = False,
    repeats: bool = False,
    asks: bool = False,
    personal: bool = False,
    settles: Settling | None = None,
    audience: Audience = Audience.THREAD,
    time_limit_s: float = TIME_LIMIT_S,
) -> Tool:
    """Make a tool of an async function: its name, its docstring, and the types of its keyword arguments.

    The first parameter gets the `ToolContext`. `settles` takes the same parameters. TypeError for a function without
    a docstring, or without types.
    """
    description = inspect.getdoc(function)
    if not description:
        raise TypeError(f"the tool {function.__name__} has no docstring")
    hints = get_type_hints(function, include_extras=True)
    _, *parameters = inspect.signature(function).parameters.values()
    if missing := [parameter.name for parameter in parameters if parameter.name not in hints]:
        raise TypeError(f"the tool {function.__name__} has arguments without a type: {', '.join(missing)}")
    fields: dict[str, Any] = {
        parameter.name: (
            hints[parameter.name],
            ... if parameter.default is inspect.Parameter.empty else parameter.default,
        )
        for parameter in parameters
    }
    model = create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **fields)

    async def run(context: ToolContext, arguments: Mapping[str, Any]) -> ToolOutput:
        found = await function(context, **_checked(model, arguments))
        return ToolOutput.of(found) if isinstance(found, str) else found

    async def settle(context: ToolContext, arguments: Mapping[str, Any]) -> Mapping[str, str]:
        return await settles(context, **_checked(model, arguments)) if settles is not None else {}

    return Tool(
        name=function.__name__,
        description=" ".join(description.split()),
        schema=_schema(model),
        run=run,
        status=status,
        changes=changes,
        repeats=repeats,
        asks=asks,
        personal=personal,
        settles=None if settles is None else settle,
        audience=audience,
        time_limit_s=time_limit_s,
    )


def tool(
    *,
    status: str,
    changes: bool = False,
    repeats: bool = False,
    asks: bool = False,
    audience: Audience = Audience.THREAD,
    time_limit_s: float = TIME_LIMIT_S,
) -> Callable[[Function], Tool]:
    """Make a tool of the async function below, as `tool_of` does."""
    return partial(
        tool_of,
        status=status,
        changes=changes,
        repeats=repeats,
        asks=asks,
        audience=audience,
        time_limit_s=time_limit_s,
    )


def _checked(model: type[BaseModel], arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        checked = model.model_validate(arguments)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, each['loc'])) or 'input'}: {each['msg']}" for each in error.errors()]
        raise ToolFailed("the arguments are not valid: " + "; ".join(problems)) from None
    return {name: getattr(checked, name) for name in type(checked).model_fields}


def _schema(model: type[BaseModel]) -> Mapping[str, Any]:
    schema = model.model_json_schema()
    schema.pop("title", None)
    for given in schema.get("properties", {}).values():
        given.pop("title", None)
    return {"type": "object", **schema}
