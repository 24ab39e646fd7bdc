"""The server tools of one request: what becomes of a scripted call.

The limits of the tools in the request hold for what a test scripts: `max_uses`, domains, and the rule that web fetch
reads only addresses that the conversation has.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .containers import Container, Containers, container_id
from .failures import Failure
from .files import Files
from .prompt import Body
from .steps import Json, ServerToolUse
from .text import within_tokens
from .web_results import web_result

CODE = ("bash_code_execution", "text_editor_code_execution", "code_execution")
# The value of `caller` in what code execution calls itself.
CODE_CALLER = "code_execution_20260120"
DIRECT: Json = {"type": "direct"}


def tool_of(name: str) -> str:
    """The name in `tools` of the tool that a call belongs to."""
    return "code_execution" if name in CODE else name


@dataclass(slots=True)
class ServerTools:
    """The server tools of one request; `new_id` makes ids of a kind."""

    body: Body
    workspace: str
    files: Files
    containers: Containers
    new_id: Callable[[str], str]
    used: Counter[str] = field(default_factory=Counter)
    container: Container | None = None
    # The results of calls that the next response opens with.
    kept: dict[str, Json] = field(default_factory=dict)

    def definition(self, name: str) -> Body:
        """The tool of the request that a call belongs to; raises where a script calls a tool that is not there."""
        tools: list[Body] = self.body.get("tools") or []
        # Web tools that code calls bring code execution along.
        implied: list[Body] = [{}] if name in CODE and any(map(is_programmatic, tools)) else []
        for tool in (*(tool for tool in tools if tool.get("name") == tool_of(name)), *implied):
            return tool
        raise Failure(500, f"The script calls {name}, but the request has no such tool.")

    def result(self, step: ServerToolUse, call_id: str, said: list[Json], caller: Json) -> Json:
        """The result block of a call; `said` is the response up to the call."""
        tool = self.definition(step.name)
        self.used[step.name] += 1
        error = step.error or self._limit(step, tool, said)
        if tool_of(step.name) == "code_execution":
            self.run()
        content = _failed(step.name, error) if error else self._content(step, tool)
        self.used[f"{step.name} succeeded"] += error is None
        block = {"type": f"{step.name}_tool_result", "tool_use_id": call_id, "content": content}
        return {**block, "caller": caller} if step.name in ("web_search", "web_fetch") else block

    def keep(self, result: Json) -> None:
        """Keep a result for the next response."""
        self.kept[result["tool_use_id"]] = result

    def run(self) -> None:
        """Start the container, or go on in the request's one."""
        if self.container is not None:
            return
        given = container_id(self.body.get("container"))
        if given is not None:
            self.container = self.containers.find(given, self.workspace)
        else:
            self.container = self.containers.open(self.new_id("container"), self.workspace)

    def usage(self) -> Json | None:
        """The counts that are billed: calls that failed are free."""
        if not self.used:
            return None
        counts = {f"{name}_requests": self.used[f"{name} succeeded"] for name in ("web_search", "web_fetch")}
        code = sum(self.used[name] for name in CODE)
        return {**counts, **({"code_execution_requests": code} if code else {})}

    def _limit(self, step: ServerToolUse, tool: Body, said: list[Json]) -> str | None:
        most = tool.get("max_uses")
        if most is not None and self.used[step.name] > most:
            return "max_uses_exceeded"
        if step.name == "web_fetch":
            url = str(step.input.get("url"))
            if not _allowed(url, tool):
                return "url_not_allowed"
            if url not in json.dumps([self.body["messages"], said], ensure_ascii=False):
                return "url_not_in_prior_context"
        return None

    def _content(self, step: ServerToolUse, tool: Body) -> Any:
        if step.name == "web_search":
            return [web_result(page) for page in step.pages if _allowed(page.url, tool)]
        if step.name == "web_fetch":
            (page,) = step.pages
            text = page.text
            if (most := tool.get("max_content_tokens")) is not None:
                text = within_tokens(text, most)
            document = {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": text},
                "title": page.title,
                "citations": tool.get("citations"),
            }
            now = dt.datetime.now(dt.UTC).isoformat()
            return {"type": "web_fetch_result", "url": page.url, "retrieved_at": now, "content": document}
        if step.name == "text_editor_code_execution":
            return step.output or {
                "type": "text_editor_code_execution_create_result",
                "is_file_update": False,
            }
        made = [self.files.make(file, self.workspace).id for file in step.files]
        return {
            "type": "bash_code_execution_result",
            "stdout": "",
            "stderr": "",
            "return_code": 0,
            **(step.output or {}),
            "content": [{"type": "bash_code_execution_output", "file_id": file_id} for file_id in made],
        }


def is_programmatic(tool: Body) -> bool:
    """Whether a web tool is called by code alone: the default of the versions from 2026-02-09 on."""
    if not str(tool.get("type")).startswith(("web_search_", "web_fetch_")):
        return False
    return "direct" not in (tool.get("allowed_callers") or [CODE_CALLER])


def _failed(name: str, error_code: str) -> Json:
    return {"type": f"{name}_tool_result_error", "error_code": error_code}


def _allowed(url: str, tool: Body) -> bool:
    host = urlsplit(url).hostname or ""
    allowed, blocked = tool.get("allowed_domains"), tool.get("blocked_domains")
    if allowed is not None:
        return any(_within(host, domain) for domain in allowed)
    return not any(_within(host, domain) for domain in blocked or ())


def _within(host: str, domain: str) -> bool:
    name = domain.partition("/")[0]
    return host == name or host.endswith(f".{name}")
