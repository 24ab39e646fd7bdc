"""The rule that each call of a server tool has its result in the same turn, and each result its call."""

from __future__ import annotations

from .catalogue import Model
from .failures import Failure, refused
from .prompt import Body, content_blocks

CALLS = ("server_tool_use", "mcp_tool_use")


def check_server_calls(body: Body, _: Model) -> Failure | None:
    """The first call without a result, or the first result without a call."""
    calls: dict[str, str] = {}
    messages = body["messages"]
    for at, message in enumerate(messages):
        blocks = content_blocks(message["content"])
        for block in blocks:
            kind = str(block.get("type"))
            if kind in CALLS:
                calls[str(block.get("id"))] = str(block.get("name"))
            elif kind.endswith("_tool_result") and calls.pop(str(block.get("tool_use_id")), None) is None:
                return refused(
                    f"messages.{at}: unexpected `tool_use_id` found in `{kind}` blocks: "
                    f"{block.get('tool_use_id')}. Each `{kind}` block must have a corresponding "
                    "`server_tool_use` block before it."
                )
        # A call beside one of the client's tools is run when the client has answered.
        waits = message["role"] == "user" or any(block.get("type") == "tool_use" for block in blocks)
        goes_on = at + 1 < len(messages) and messages[at + 1]["role"] == message["role"]
        if calls and not waits and not goes_on:
            number, name = next(iter(calls.items()))
            return refused(
                f"messages.{at}: `{name}` tool use with id `{number}` was found without a corresponding "
                f"`{name}_tool_result` block"
            )
    return None
