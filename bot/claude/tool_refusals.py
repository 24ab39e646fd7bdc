"""The tools that a server refuses: found out by a request, remembered while the process runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from bot.conversation.container_files import without_container_files
from bot.conversation.errors import ClaudeRefusedRequest, ClaudeToolRefused
from bot.conversation.server_tools import CODE_EXECUTION

if TYPE_CHECKING:
    from bot.conversation.request import Request

log = structlog.get_logger()

HINT = (
    "requests go on without the tool: take it out of tools.on (and of /tools), or have it turned on for the "
    "organization of the key in https://platform.claude.com"
)


class ToolRefusals:
    """Leaves out of requests what was refused before; the operator is told of each tool once."""

    def __init__(self) -> None:
        self._refused: set[tuple[str, str]] = set()
        self._accepted: set[str] = set()
        self._told: set[str] = set()

    def refuses(self, model: str, tool: str) -> bool:
        """Whether a tool was refused for a model."""
        return (model, tool) in self._refused

    def fit(self, request: Request) -> Request:
        """Return the request without the tools that were refused for its model."""
        parameters = request.parameters
        names = {tool.name for tool in parameters.tools if self.refuses(parameters.model, tool.name)}
        return _without(request, names) if names else request

    def reduced(self, request: Request, error: ClaudeRefusedRequest) -> Request | None:
        """Return the request to send in place of a refused one, None if its tools are not the reason.

        An error that names no tool is taken for a refusal of the tools only where no request with tools was accepted
        for the model yet, as by a server that does not know any.
        """
        model, tools = request.parameters.model, request.parameters.tools
        if not tools:
            return None
        if isinstance(error, ClaudeToolRefused):
            named = {tool.name for tool in tools if tool.name in error.tools}
            named = named or {tool.name for tool in tools if tool.runs_at_anthropic}
            return _without(request, named or {tool.name for tool in tools})
        is_plain = type(error) is ClaudeRefusedRequest and model not in self._accepted
        return _without(request, {tool.name for tool in tools}) if is_plain else None

    def accepted(self, asked: Request, sent: Request) -> None:
        """Note that a request was answered that was `sent` in place of another."""
        model = sent.parameters.model
        if sent.parameters.tools:
            self._accepted.add(model)
        left = {tool.name for tool in asked.parameters.tools} - {tool.name for tool in sent.parameters.tools}
        for name in sorted(left):
            self._refused.add((model, name))
            if name not in self._told:
                self._told.add(name)
                log.warning("tool_refused", tool=name, model=model, hint=HINT)


def _without(request: Request, names: set[str]) -> Request:
    without = replace(request, parameters=request.parameters.without(names))
    return without_container_files(without) if CODE_EXECUTION in names else without
