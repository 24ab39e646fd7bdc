"""Server-sent events of a streamed message, in the order of the wire. Pure: the caller sends and waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .failures import Failure
from .reply import Reply

Json = dict[str, Any]


def event(name: str, data: Json | None = None) -> bytes:
    """One event; `data` repeats the name as its type, as clients expect."""
    payload = {"type": name, **(data or {})}
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    try:
        return f"event: {name}\ndata: {body}\n\n".encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair can only be named by an escape.
        return f"event: {name}\ndata: {json.dumps(payload, separators=(',', ':'))}\n\n".encode()


def opening(message: Json) -> bytes:
    """The start of a message, its content still empty."""
    usage = {**message["usage"], "output_tokens": 1, "output_tokens_details": None}
    started = {**message, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    started["stop_details"] = None
    return event("message_start", {"message": started}) + event("ping")


def before_text(reply: Reply) -> bytes:
    """The results of server tools, then the thinking block, if there is one: omitted, it has a signature only."""
    parts = [_whole(index, block) for index, block in enumerate(reply.opening)]
    if reply.thinking is not None:
        index = len(reply.opening)
        block = {"type": "thinking", "thinking": "", "signature": ""}
        parts.append(event("content_block_start", {"index": index, "content_block": block}))
        if reply.thinking:
            parts.append(_delta(index, {"type": "thinking_delta", "thinking": reply.thinking}))
        parts.append(_delta(index, {"type": "signature_delta", "signature": reply.signature}))
        parts.append(event("content_block_stop", {"index": index}))
    return b"".join(parts)


def text(reply: Reply) -> Iterator[bytes]:
    """The text block, a delta at a time, the first with the block's start; its end is separate."""
    index = reply.text_index
    start = event("content_block_start", {"index": index, "content_block": {"type": "text", "text": ""}})
    for at, delta in enumerate(reply.deltas):
        sent = _delta(index, {"type": "text_delta", "text": delta})
        yield start + sent if at == 0 else sent


def after_text(reply: Reply) -> bytes:
    """The end of the text block, if there was one, then the calls of server tools."""
    index = reply.text_index
    parts = [event("content_block_stop", {"index": index})] if reply.deltas else []
    parts += [_call(at, block) for at, block in enumerate(reply.closing, index + bool(reply.deltas))]
    return b"".join(parts)


def closing(message: Json) -> bytes:
    """The events at the end of a message."""
    delta = {key: message[key] for key in ("stop_reason", "stop_sequence", "stop_details", "container")}
    counts = (
        "input_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "output_tokens",
        "output_tokens_details",
        "server_tool_use",
    )
    usage = {key: message["usage"][key] for key in counts}
    return event("message_delta", {"delta": delta, "usage": usage}) + event("message_stop")


def failure(failed: Failure) -> bytes:
    """An error in mid-stream."""
    return event("error", {"error": failed.error()})


def noise(kind: str, index: int) -> bytes:
    """Events that a client must ignore: unknown types, or events without data."""
    if kind == "without_data":
        return b": a comment\n\nevent: content_block_delta\n\nevent: hint\ndata:\n\nevent: ping\ndata: {}\n\n"
    return (
        event("weather_report", {"outlook": "sunny", "degrees": 21})
        + _delta(index, {"type": "hologram_delta", "hologram": "…"})
        + event("ping")
    )


def _whole(index: int, block: Json) -> bytes:
    """A block that comes in one piece."""
    return event("content_block_start", {"index": index, "content_block": block}) + event(
        "content_block_stop", {"index": index}
    )


def _call(index: int, block: Json) -> bytes:
    """A call, its input in pieces of JSON, the first of them empty."""
    given = json.dumps(block["input"])
    half = len(given) // 2
    pieces = ("", given[:half], given[half:])
    return b"".join(
        (
            event("content_block_start", {"index": index, "content_block": {**block, "input": {}}}),
            *(_delta(index, {"type": "input_json_delta", "partial_json": piece}) for piece in pieces),
            event("content_block_stop", {"index": index}),
        )
    )


def _delta(index: int, delta: Json) -> bytes:
    return event("content_block_delta", {"index": index, "delta": delta})
