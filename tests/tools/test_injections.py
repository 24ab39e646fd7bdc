"""Planted texts in what remote servers say and bring, and in the arguments of our tools."""

from __future__ import annotations

import json

import pytest

from bot.conversation.content import Text
from bot.tools.mcp.definition import Unusable, remote_tool, told_definition
from bot.tools.tool import ToolFailed
from tests.conversation.injections import INJECTIONS, Injection, hidden, skeleton
from tests.tools.test_mcp_results import block, read, text

each_injection = pytest.mark.parametrize("injection", INJECTIONS, ids=lambda injection: injection.name)


@each_injection
async def test_security_a_planted_result_imitates_no_element_and_hides_nothing(injection: Injection) -> None:
    planted = injection.text
    results = await read(
        text(planted),
        block("resource_link", name=planted, uri=planted),
        block("resource", resource=block("", uri=planted, text=planted)),
        block(planted, text=planted),
    )
    results += await read(structured_content={planted: [planted]})
    for each in results:
        assert isinstance(each, Text)
        assert skeleton(each.text) == []
        assert hidden(each.text) == []
    with pytest.raises(ToolFailed) as failed:
        await read(text(planted), is_error=True)
    assert skeleton(str(failed.value)) == []
    assert hidden(str(failed.value)) == []


@each_injection
def test_security_a_planted_description_imitates_no_element_and_says_where_it_is_from(
    injection: Injection,
) -> None:
    planted = injection.text
    described = {"type": "string", "description": planted, "title": planted}
    schema = {"type": "object", "properties": {"query": described}, "description": planted}
    tool = remote_tool("wiki", "search", planted, schema, reads_only=True)
    assert tool.description.startswith("From the MCP server wiki. ")
    assert tool.name == "wiki_search"
    for shown in (
        tool.description,
        json.dumps(json.loads(tool.schema), ensure_ascii=False),
        told_definition(tool),
    ):
        assert skeleton(shown) == []
        assert hidden(shown) == []


@each_injection
def test_security_a_planted_name_or_value_of_a_schema_is_refused_or_harmless(injection: Injection) -> None:
    planted = injection.text
    with pytest.raises(Unusable):
        remote_tool(
            "wiki", "x", "", {"type": "object", "properties": {planted: {"type": "string"}}}, reads_only=True
        )
    try:
        schema = {"type": "object", "properties": {"query": {"type": "string", "enum": [planted]}}}
        tool = remote_tool("wiki", "x", "", schema, reads_only=True)
    except Unusable:
        return
    assert skeleton(json.dumps(json.loads(tool.schema), ensure_ascii=False)) == []
    name = remote_tool("wiki", planted[:20] or "x", "", {"type": "object"}, reads_only=True).name
    assert name.replace("_", "").replace("-", "").isalnum()
    assert name.isascii()
