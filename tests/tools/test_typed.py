"""Tools made of typed functions."""

from __future__ import annotations

import json
from typing import Annotated

import pytest
from pydantic import Field

from bot.conversation.content import Text
from bot.tools.tool import ToolContext, ToolFailed, ToolOutput, ToolPlace
from bot.tools.typed import tool_of

CONTEXT = ToolContext(ToolPlace(1), asker=7, key="k", turn=3)


async def weave(_context: ToolContext, cloth: Annotated[str, Field(max_length=5)], times: int = 1) -> str:
    """Weave some cloth,
    several times.
    """
    return cloth * times


async def test_the_function_gets_checked_arguments_and_its_text_is_the_output() -> None:
    tool = tool_of(weave, status="Weaving")
    assert await tool.run(CONTEXT, {"cloth": "silk", "times": 2}) == ToolOutput((Text("silksilk"),))
    assert await tool.run(CONTEXT, {"cloth": "silk"}) == ToolOutput((Text("silk"),))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [({}, "cloth"), ({"cloth": "velvet"}, "cloth"), ({"cloth": "silk", "loom": 1}, "loom")],
)
async def test_arguments_that_do_not_fit_are_named_to_claude(
    arguments: dict[str, object], named: str
) -> None:
    with pytest.raises(ToolFailed, match=named):
        await tool_of(weave, status="Weaving").run(CONTEXT, arguments)


def test_the_definition_is_made_of_name_docstring_and_types() -> None:
    definition = tool_of(weave, status="Weaving").definition
    assert json.loads(definition.json) == {
        "name": "weave",
        "description": "Weave some cloth, several times.",
        "input_schema": {
            "type": "object",
            "properties": {
                "cloth": {"type": "string", "maxLength": 5},
                "times": {"type": "integer", "default": 1},
            },
            "required": ["cloth"],
            "additionalProperties": False,
        },
    }


def test_a_function_without_docstring_or_types_is_no_tool() -> None:
    async def silent(_context: ToolContext) -> str:
        return ""

    async def untyped(_context: ToolContext, cloth) -> str:  # type: ignore[no-untyped-def]
        """Weave."""
        return str(cloth)

    with pytest.raises(TypeError, match="docstring"):
        tool_of(silent, status="")
    with pytest.raises(TypeError, match="cloth"):
        tool_of(untyped, status="")


async def test_what_a_tool_settles_gets_checked_arguments_too() -> None:
    async def settled(_context: ToolContext, cloth: str, times: int) -> dict[str, str]:
        return {"length": str(len(cloth) * times)}

    tool = tool_of(weave, status="Weaving", asks=True, settles=settled)
    assert tool.settles is not None
    assert await tool.settles(CONTEXT, {"cloth": "silk", "times": 2}) == {"length": "8"}
    with pytest.raises(ToolFailed, match="cloth"):
        await tool.settles(CONTEXT, {})
