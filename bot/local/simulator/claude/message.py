"""The `Message` object of an answer, and its usage."""

from __future__ import annotations

from typing import Any

from .caching import Lookup
from .catalogue import Model
from .reply import Reply

# Even an empty answer is billed with a token.
LEAST_OUTPUT_TOKENS = 1


def usage(lookup: Lookup, reply: Reply, *, limit: int) -> dict[str, Any]:
    """What a request is billed for, in tokens; the three kinds of input add up to the whole of it."""
    output = reply.thinking_tokens + (reply.text_tokens or 0)
    return {
        "input_tokens": lookup.uncached,
        "cache_creation_input_tokens": lookup.written_5m + lookup.written_1h,
        "cache_read_input_tokens": lookup.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": lookup.written_5m,
            "ephemeral_1h_input_tokens": lookup.written_1h,
        },
        "output_tokens": max(output, LEAST_OUTPUT_TOKENS if limit else 0),
        "output_tokens_details": {"thinking_tokens": reply.thinking_tokens},
        "server_tool_use": None,
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def message(
    message_id: str, model: Model, reply: Reply, used: dict[str, Any], diagnosed: dict[str, Any] | None
) -> dict[str, Any]:
    """The whole answer, as an unstreamed request gets it."""
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model.id,
        "content": reply.content(),
        "container": None,
        "stop_reason": reply.stop_reason,
        "stop_sequence": reply.stop_sequence,
        "stop_details": reply.stop_details,
        "usage": used,
        "diagnostics": diagnosed,
    }
