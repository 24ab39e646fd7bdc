"""A request's prompt as a chain of blocks, in the order that the model reads them: tools, system, messages.

Each block's digest covers everything before it, so that two requests share a prefix exactly as far as their
digests agree. Settings join the chain where they take effect: the model at the start, the speed and web
search before the system prompt, tool choice, thinking, effort and the presence of images before the messages.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from .catalogue import Model
from .tokens import REQUEST_TOKENS, TURN_TOKENS, count_block

Body = dict[str, Any]
Scope = Literal["tools", "system", "messages"]
Ttl = Literal["5m", "1h"]

# Blocks that cannot carry a breakpoint themselves; they are cached as part of what follows.
UNMARKABLE = frozenset({"thinking", "redacted_thinking"})
# Fields within which the order says something.
ORDERED = frozenset({"input", "input_schema", "input_examples"})


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the prompt; `path` is its place in the body, as error messages name it.

    `content` covers what is said up to here and `prefix` the settings as well; `tokens` counts all of it up
    to and including this block.
    """

    scope: Scope
    path: tuple[str | int, ...]
    kind: str
    content: str
    prefix: str
    tokens: int
    ttl: Ttl | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """The chain of a whole request, its input tokens, and the settings that its messages depend on."""

    model: str
    speed: str
    blocks: tuple[Block, ...]
    tokens: int
    settings: str


def content_blocks(content: Any) -> list[Body]:
    """A message's content as blocks; a string is short for one text block."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def thinking_type(body: Body, model: Model) -> str:
    """The kind of thinking that the request asks for, or gets by default."""
    return str((body.get("thinking") or {}).get("type") or model.thinking.default)


def effort_level(body: Body, model: Model) -> str | None:
    """The effort that the request asks for, or gets by default."""
    return (body.get("output_config") or {}).get("effort") or model.effort.default


def flatten(body: Body, model: Model) -> Prompt:
    """The chain of a valid request body."""
    # Any tool brings the words that tell the model how to call tools.
    count = model.tool_tokens if body.get("tools") else 0
    content = prefix = _digest("", model.id)
    blocks: list[Block] = []
    scope: Scope | None = None
    settings = _settings(body, model)
    for entry in _entries(body):
        if entry.scope != scope:
            scope = entry.scope
            prefix = _digest(prefix, scope, settings[scope])
            content = _digest(content, scope)
        said = exact(entry.block)
        # Thinking may be left out of a replay, so it is no part of what other thinking is bound to.
        content = content if entry.block.get("type") in UNMARKABLE else _digest(content, entry.role, said)
        prefix = _digest(prefix, entry.role, said)
        count += count_block(entry.block, model.tokenizer) + (TURN_TOKENS if entry.opens_turn else 0)
        kind = str(entry.block.get("type", "custom"))
        blocks.append(Block(scope, entry.path, kind, content, prefix, count, _ttl(entry.block)))
    _mark_last(blocks, body.get("cache_control"))
    return Prompt(model.id, speed_of(body), tuple(blocks), count + REQUEST_TOKENS, settings["messages"])


@dataclass(frozen=True, slots=True)
class _Entry:
    scope: Scope
    role: str
    path: tuple[str | int, ...]
    block: Body
    opens_turn: bool = False


def _entries(body: Body) -> Iterator[_Entry]:
    tools = list(enumerate(body.get("tools") or ()))
    web = [(at, tool) for at, tool in tools if _is_web_tool(tool)]
    yield from (_Entry("tools", "", ("tools", at), tool) for at, tool in tools if not _is_web_tool(tool))
    # The web's tools speak through the system prompt: turning them on or off leaves the tools' cache alone.
    yield from (_Entry("system", "", ("tools", at), tool) for at, tool in web)
    for at, block in enumerate(content_blocks(body.get("system") or [])):
        yield _Entry("system", "", ("system", at), block)
    previous = None
    for at, message in enumerate(body.get("messages") or ()):
        role = message["role"]
        for inner, block in enumerate(content_blocks(message["content"])):
            path = ("messages", at, "content", inner)
            # Messages of one role in a row are one turn, so where one ends and the next begins makes no odds.
            yield _Entry("messages", role, path, block, opens_turn=role != previous)
            previous = role


def speed_of(body: Body) -> str:
    """The speed that the request asks for, or gets by default."""
    return body.get("speed") or "standard"


def _settings(body: Body, model: Model) -> dict[Scope, str]:
    messages = body.get("messages") or ()
    images = any(
        block.get("type") == "image" for message in messages for block in content_blocks(message["content"])
    )
    given = {name: value for name, value in (body.get("thinking") or {}).items() if value is not None}
    thinking = {**given, "type": thinking_type(body, model)}
    choice = body.get("tool_choice") or {"type": "auto"}
    speed = speed_of(body)
    return {
        "tools": "",
        # Citations speak through the system prompt too.
        "system": json.dumps([speed, _has_citations(body)]),
        "messages": json.dumps([speed, choice, thinking, effort_level(body, model), images], sort_keys=True),
    }


def _is_web_tool(tool: Body) -> bool:
    return str(tool.get("type") or "").startswith(("web_search_", "web_fetch_"))


def _has_citations(body: Body) -> bool:
    blocks = [block for message in body.get("messages") or () for block in content_blocks(message["content"])]
    return any(
        block.get("type") in ("document", "search_result") and (block.get("citations") or {}).get("enabled")
        for block in blocks
    )


def exact(block: Body) -> str:
    """A block's own text without its breakpoint; the order of fields says nothing, except within a tool's input."""
    return json.dumps(_plain({**block, "cache_control": None}), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A value with its fields in one order, less those that are null, which may be left out."""
    if isinstance(value, dict):
        return {
            key: each if key in ORDERED else _plain(each)
            for key, each in sorted(value.items())
            if each is not None
        }
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _ttl(block: Body) -> Ttl | None:
    control = block.get("cache_control")
    return control.get("ttl") or "5m" if control else None


def _mark_last(blocks: list[Block], control: Body | None) -> None:
    """Set the automatic breakpoint: the last block that can carry one."""
    if not control:
        return
    for at in range(len(blocks) - 1, -1, -1):
        block = blocks[at]
        if block.kind not in UNMARKABLE:
            if block.ttl is None:
                ttl: Ttl = control.get("ttl") or "5m"
                blocks[at] = replace(block, ttl=ttl)
            return


def _digest(*parts: str) -> str:
    # No part holds the separator: they are names, digests and JSON, which escapes it.
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
