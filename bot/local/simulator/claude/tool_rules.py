"""The rules for `tools`, `tool_choice` and `container`."""

from __future__ import annotations

from typing import Any

from .catalogue import Model
from .failures import Failure, refused
from .prompt import Body, content_blocks
from .server_tools import is_programmatic
from .strict_tools import check_strict

CODE = "code_execution"


def check_tools(body: Body, model: Model) -> Failure | None:
    """The first violation in the tools of a request."""
    tools: list[Body] = body.get("tools") or []
    names = [tool["name"] for tool in tools]
    if len(set(names)) < len(names):
        return refused("tools: Tool names must be unique.")
    runs_code = CODE in names
    for at, tool in enumerate(tools):
        if tool.get("defer_loading"):
            return refused(f"tools.{at}: `defer_loading` needs a tool search tool, which is not known here")
        if is_programmatic(tool) and not model.server_tools.programmatic:
            return refused(
                f"'{model.id}' does not support programmatic tool calling. Set `allowed_callers` of "
                f'`tools.{at}` to ["direct"].'
            )
        callers = [name for name in tool.get("allowed_callers") or () if name != "direct"]
        if _is_client(tool) and callers:
            if not runs_code:
                return refused(
                    f"tools.{at}: `allowed_callers` {callers} needs the code execution tool in `tools`"
                )
            return refused(f"tools.{at}: programmatic calls of client tools are not known here")
        if _is_client(tool) is False and (name := kind_of(tool)) not in model.server_tools.names:
            return refused(f"tools.{at}: '{model.id}' does not support the `{name}` tool.")
    strict = [(at, tool) for at, tool in enumerate(tools) if tool.get("strict") and _is_client(tool)]
    return check_strict(strict)


def check_choice(body: Body, model: Model) -> Failure | None:
    """The violation in a request's `tool_choice`, if any."""
    if body.get("tool_choice") is None:
        return None
    names = [tool["name"] for tool in body.get("tools") or ()]
    choice = body["tool_choice"]
    forced = choice["type"] in ("any", "tool")
    if forced and not model.forced_tool_choice:
        return refused('tool_choice: type "tool" and "any" are not supported for this model.')
    if not names:
        return refused("tool_choice may only be specified while providing tools.")
    if choice["type"] == "tool" and choice.get("name") not in names:
        return refused(f"Tool '{choice.get('name')}' not found in provided tools")
    if forced and (body.get("thinking") or {}).get("type") in ("adaptive", "enabled"):
        return refused("Thinking may not be enabled when tool_choice forces tool use.")
    return None


def check_container(body: Body, _: Model) -> Failure | None:
    """A container, or a file for it, without a tool that uses it."""
    if any(kind_of(tool) == CODE or is_programmatic(tool) for tool in body.get("tools") or ()):
        return None
    if body.get("container") is not None:
        return refused("container: a container needs the code execution tool in `tools`")
    for at, message in enumerate(body["messages"]):
        for inner, block in enumerate(content_blocks(message["content"])):
            if block.get("type") == "container_upload":
                return refused(
                    f"messages.{at}.content.{inner}: `container_upload` blocks need the code execution tool in "
                    "`tools`"
                )
    return None


def check_citations(body: Body, _: Model) -> Failure | None:
    """Citations of some documents only, or beside an output format."""
    sources = list(_citable(body))
    enabled = [bool((each.get("citations") or {}).get("enabled")) for each in sources]
    if any(enabled) and (body.get("output_config") or {}).get("format"):
        return refused("output_config.format: citations cannot be enabled together with an output format")
    if any(enabled) and not all(enabled):
        return refused("messages: citations must be enabled on all or none of the documents")
    return None


def _citable(body: Body) -> list[Body]:
    found = []
    for message in body["messages"] if isinstance(body["messages"], list) else ():
        for block in content_blocks(message["content"]):
            inner = block.get("content") if block.get("type") == "tool_result" else None
            parts = [block, *(inner if isinstance(inner, list) else ())]
            found += [part for part in parts if part.get("type") in ("document", "search_result")]
    return found


def kind_of(tool: Body) -> str:
    """The name of a server tool without its date; "custom" for a client tool."""
    kind: Any = tool.get("type") or "custom"
    return str(kind).rpartition("_")[0] or "custom"


def _is_client(tool: Body) -> bool:
    return tool.get("type") in (None, "custom")
