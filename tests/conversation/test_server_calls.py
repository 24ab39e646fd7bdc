"""What server tools have brought, read from the blocks of a reply."""

from __future__ import annotations

import json
from typing import Any

from bot.conversation.citations import WebSource
from bot.conversation.consulted import Consulted
from bot.conversation.content import Opaque, Text, ToolUse
from bot.conversation.server_calls import (
    cited_pages,
    consulted_of,
    fetched_pages,
    made_files,
    ran_server_tools,
)
from bot.conversation.server_tools import (
    QUERY_CHARS,
    SERVER_TOOLS,
    ServerToolLimits,
    definitions,
    most_searches,
    status_of,
)


def block(kind: str, **fields: Any) -> Opaque:
    return Opaque(json.dumps({"type": kind, **fields}))


def result(kind: str, content: Any) -> Opaque:
    return block(f"{kind}_tool_result", tool_use_id="srvtoolu_1", content=content)


SEARCH = result("web_search", [{"type": "web_search_result", "url": "https://a.example", "title": "A"}])
PAGE = {"type": "web_fetch_result", "url": "https://b.example", "content": {"type": "document", "title": "B"}}
FETCH = result("web_fetch", PAGE)
CODE = result(
    "bash_code_execution",
    {"type": "bash_code_execution_result", "content": [{"file_id": "file_1"}, {"file_id": "file_1"}]},
)
FAILED = result("web_search", {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"})
OTHERS = (
    Text("x"),
    block("thinking", thinking=""),
    block("server_tool_use", id="1", name="web_search", input={}),
)


def test_each_answered_call_is_noted_with_its_addresses_and_its_outcome() -> None:
    assert consulted_of((*OTHERS, SEARCH, FETCH, CODE, FAILED)) == (
        Consulted("web_search", "done", ("https://a.example",)),
        Consulted("web_fetch", "done", ("https://b.example",)),
        Consulted("code_execution", "done"),
        Consulted("web_search", "failed"),
    )


def test_pages_files_and_citations_are_found() -> None:
    cited = block("text", text="x", citations=[{"url": "https://a.example", "title": "A"}])
    assert fetched_pages((*OTHERS, FETCH)) == (WebSource("https://b.example", "B"),)
    assert made_files((*OTHERS, CODE)) == ("file_1",)
    assert cited_pages((*OTHERS, cited)) == (WebSource("https://a.example", "A"),)


def test_only_results_make_the_usage_a_sum() -> None:
    assert not ran_server_tools(OTHERS)
    assert ran_server_tools((*OTHERS, FAILED))


def test_odd_results_are_no_error() -> None:
    for content in (None, [], "x", [None], {"content": [None, {"file_id": 1}]}, {"url": 1}):
        blocks = tuple(result(kind, content) for kind in ("web_search", "web_fetch", "bash_code_execution"))
        assert len(consulted_of(blocks)) == 3
        assert not fetched_pages(blocks)
        assert not made_files(blocks)


def test_web_tools_are_called_directly_and_within_the_limits() -> None:
    found = {tool.name: json.loads(tool.json) for tool in definitions(ServerToolLimits(3, 2, 900))}
    assert tuple(found) == SERVER_TOOLS
    assert found["web_search"]["allowed_callers"] == found["web_fetch"]["allowed_callers"] == ["direct"]
    assert (found["web_search"]["max_uses"], found["web_fetch"]["max_uses"]) == (3, 2)
    assert found["web_fetch"]["max_content_tokens"] == 900
    assert most_searches(definitions(ServerToolLimits(3))) == 3
    assert most_searches(()) == 0


def test_a_status_is_one_bounded_line() -> None:
    def status(name: str, **given: Any) -> str | None:
        return status_of(ToolUse("1", name, json.dumps(given)))

    assert status("web_search", query="looms\n# now") == "Searching the web: looms # now"
    assert len(status("web_search", query="x" * 500) or "") <= QUERY_CHARS + 20
    assert status("web_fetch", url="https://u:p@looms.example/secret?token=1") == "Reading looms.example"
    assert status("web_fetch", url="https://[") == "Reading a page"
    assert status("bash_code_execution", command="ls") == "Running code"
    assert status("time_in", zone="UTC") is None
