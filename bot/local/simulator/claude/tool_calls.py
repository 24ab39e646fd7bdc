"""The rules for calls of tools and their results in the messages."""

from __future__ import annotations

from .catalogue import Model
from .failures import Failure, refused
from .prompt import Body, content_blocks
from .sealed import is_sealed

# Blocks that belong to one role.
OF_ASSISTANT = ("thinking", "redacted_thinking", "tool_use", "server_tool_use")
OF_USER = ("tool_result", "image", "document", "search_result", "container_upload")


def check_roles(body: Body, _: Model) -> Failure | None:
    """The first block in a message of the wrong role."""
    for at, message in enumerate(body["messages"]):
        for inner, block in enumerate(content_blocks(message["content"])):
            place = f"messages.{at}.content.{inner}"
            kind = str(block.get("type"))
            of_assistant = kind in OF_ASSISTANT or kind.endswith("_tool_result")
            if message["role"] != "assistant" and of_assistant:
                return refused(f"{place}: `{kind}` blocks are only allowed in `assistant` messages")
            if message["role"] != "user" and kind in OF_USER:
                return refused(f"{place}: `{kind}` blocks are only allowed in `user` messages")
            if message["role"] == "user" and kind == "text" and block.get("citations"):
                return refused(f"{place}.text.citations: Extra inputs are not permitted")
    return None


def check_tool_results(body: Body, _: Model) -> Failure | None:
    """The first call of a client tool without its result at once, or the first result without its call."""
    # Messages of one role in a row are one turn, also for what has to follow at once.
    turns: list[tuple[str, list[tuple[str, Body]]]] = []
    for at, message in enumerate(body["messages"]):
        if not turns or turns[-1][0] != message["role"]:
            turns.append((message["role"], []))
        blocks = enumerate(content_blocks(message["content"]))
        turns[-1][1].extend((f"messages.{at}.content.{inner}", block) for inner, block in blocks)
    asked: list[str] = []
    seen: set[str] = set()
    for role, turn in turns:
        first = _leading_results(turn)
        everywhere = [block["tool_use_id"] for _, block in turn if block.get("type") == "tool_result"]
        if strangers := [name for name in everywhere if name not in asked]:
            return refused(
                f"messages: unexpected `tool_use_id` found in `tool_result` blocks: {strangers[0]}. Each "
                "`tool_result` block must have a corresponding `tool_use` block in the previous message."
            )
        # A result behind other content does not count.
        missing = [name for name in asked if name not in first]
        if missing and role != "system":
            return refused(
                f"messages: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` block "
                "in the next message."
            )
        if twice := next((name for name in everywhere if everywhere.count(name) > 1), None):
            return refused(
                "messages: each tool_use must have a single result. Found multiple `tool_result` blocks with "
                f"id: {twice}"
            )
        asked = []
        for place, block in turn:
            if block.get("type") == "tool_use":
                if block["id"] in seen:
                    return refused(f"{place}: `tool_use` ids must be unique")
                seen.add(block["id"])
                asked.append(block["id"])
            elif block.get("type") == "tool_result" and block.get("is_error") and not block.get("content"):
                return refused(f"{place}.tool_result: content cannot be empty if `is_error` is true")
    return None


def _leading_results(turn: list[tuple[str, Body]]) -> list[str]:
    found = []
    for _, block in turn:
        if block.get("type") != "tool_result":
            break
        found.append(block["tool_use_id"])
    return found


def check_server_calls(body: Body, _: Model) -> Failure | None:
    """The first call of a server tool without a result, or the first result without a call."""
    calls: dict[str, str] = {}
    messages = body["messages"]
    for at, message in enumerate(messages):
        blocks = content_blocks(message["content"])
        if calls and message["role"] == "user" and (failure := _only_results(at, blocks)):
            return failure
        for block in blocks:
            kind = str(block.get("type"))
            if kind == "server_tool_use":
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


def _only_results(at: int, blocks: list[Body]) -> Failure | None:
    for inner, block in enumerate(blocks):
        if block.get("type") != "tool_result":
            return refused(
                f"messages.{at}.content.{inner}: only `tool_result` blocks may answer a message with a server tool "
                "call that has no result yet"
            )
    return None


def check_sealed(body: Body, _: Model) -> Failure | None:
    """The first encrypted field of a web result that was not made here, or was changed."""
    for at, message in enumerate(body["messages"]):
        for inner, block in enumerate(content_blocks(message["content"])):
            place = f"messages.{at}.content.{inner}"
            found = block.get("content") if block.get("type") == "web_search_tool_result" else None
            for page in found if isinstance(found, list) else ():
                if not is_sealed("content", page["url"], page["encrypted_content"]):
                    return refused(f"{place}: Invalid `encrypted_content` in `search_result` block")
            for citation in block.get("citations") or () if block.get("type") == "text" else ():
                index = citation.get("encrypted_index")
                if index is not None and not is_sealed("index", citation["url"], index):
                    return refused(f"{place}: Invalid `encrypted_index` in `citations`")
    return None
