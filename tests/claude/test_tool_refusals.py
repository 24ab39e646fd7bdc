"""Tools that a server refuses are left out at once, and from then on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.claude.tool_refusals import ToolRefusals
from bot.conversation.errors import (
    ClaudeContainerGone,
    ClaudeFileGone,
    ClaudeRefusedRequest,
    ClaudeToolRefused,
)
from bot.conversation.request import Parameters, Request
from bot.conversation.server_tools import ServerToolLimits, definitions
from bot.conversation.tool_definition import ToolDefinition

OWN = ToolDefinition("time_in", "{}")
REQUEST = Request(Parameters("claude-a", 10, tools=(*definitions(ServerToolLimits()), OWN)), (), ())
OTHER_MODEL = replace(REQUEST, parameters=replace(REQUEST.parameters, model="claude-b"))


def names(request: Request | None) -> list[str] | None:
    return None if request is None else [tool.name for tool in request.parameters.tools]


@pytest.mark.parametrize(
    ("error", "left"),
    [
        (ClaudeToolRefused(tools=("web_search",)), ["web_fetch", "code_execution", "time_in"]),
        (ClaudeToolRefused(tools=("web_search", "web_fetch")), ["code_execution", "time_in"]),
        (ClaudeToolRefused(), ["time_in"]),
        (ClaudeRefusedRequest(), []),
        (ClaudeFileGone(), None),
        (ClaudeContainerGone(), None),
    ],
)
def test_what_is_named_is_left_out_or_else_the_tools_that_run_there(
    error: ClaudeRefusedRequest, left: list[str] | None
) -> None:
    assert names(ToolRefusals().reduced(REQUEST, error)) == left


def test_a_request_without_tools_is_refused_for_another_reason() -> None:
    refusals = ToolRefusals()
    without = refusals.reduced(replace(REQUEST, parameters=Parameters("claude-a", 10)), ClaudeToolRefused())
    assert without is None


def test_where_tools_were_accepted_before_an_unnamed_refusal_has_another_reason() -> None:
    refusals = ToolRefusals()
    refusals.accepted(REQUEST, REQUEST)
    assert refusals.reduced(REQUEST, ClaudeRefusedRequest()) is None
    assert names(refusals.reduced(OTHER_MODEL, ClaudeRefusedRequest())) == []
    assert names(refusals.reduced(REQUEST, ClaudeToolRefused())) == ["time_in"]


def test_only_an_answer_proves_a_refusal_and_the_operator_hears_of_each_tool_once() -> None:
    refusals = ToolRefusals()
    reduced = refusals.reduced(REQUEST, ClaudeToolRefused(tools=("web_search",)))
    assert reduced is not None
    assert refusals.fit(REQUEST) == REQUEST
    with capture_logs() as logs:
        refusals.accepted(REQUEST, reduced)
        refusals.accepted(
            OTHER_MODEL, replace(reduced, parameters=replace(reduced.parameters, model="claude-b"))
        )
    assert [(entry["event"], entry["tool"]) for entry in logs] == [("tool_refused", "web_search")]
    assert "tools.on" in logs[0]["hint"]
    assert names(refusals.fit(REQUEST)) == names(reduced)
    assert refusals.refuses("claude-a", "web_search")
    assert not refusals.refuses("claude-c", "web_search")
