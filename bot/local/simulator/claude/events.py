"""Server-sent events of a streamed message, in the order of the wire. Pure: the caller sends and waits."""

from __future__ import annotations

import json
from typing import Any

from .failures import Failure

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


def opening(message: Json, first_usage: Json) -> bytes:
    """The start of a message, its content still empty; the usage is that of the first reading of the prompt."""
    usage = {**first_usage, "output_tokens": 1, "output_tokens_details": None}
    started = {**message, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    started |= {"stop_details": None, "container": None}
    return event("message_start", {"message": started}) + event("ping")


def block_start(index: int, block: Json) -> bytes:
    """The start of a content block."""
    return event("content_block_start", {"index": index, "content_block": block})


def block_delta(index: int, delta: Json) -> bytes:
    """A piece of a content block."""
    return event("content_block_delta", {"index": index, "delta": delta})


def block_stop(index: int) -> bytes:
    """The end of a content block."""
    return event("content_block_stop", {"index": index})


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
        + block_delta(index, {"type": "hologram_delta", "hologram": "…"})
        + event("ping")
    )
