"""The `Message` object of an answer, and its usage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .caching import Lookup
from .catalogue import Model
from .response import Response

# Even an empty answer is billed with a token.
LEAST_OUTPUT_TOKENS = 1


def usage(lookups: Sequence[Lookup], response: Response, *, limit: int) -> dict[str, Any]:
    """What a request is billed for, in tokens; the three kinds of input add up to the whole of it.

    Each of the `lookups` is one reading of the prompt: the model reads it again after a server tool's result.
    """
    written_5m = sum(each.written_5m for each in lookups)
    written_1h = sum(each.written_1h for each in lookups)
    return {
        "input_tokens": sum(each.uncached for each in lookups),
        "cache_creation_input_tokens": written_5m + written_1h,
        "cache_read_input_tokens": sum(each.read for each in lookups),
        "cache_creation": {
            "ephemeral_5m_input_tokens": written_5m,
            "ephemeral_1h_input_tokens": written_1h,
        },
        "output_tokens": max(response.output_tokens, LEAST_OUTPUT_TOKENS if limit else 0),
        "output_tokens_details": {"thinking_tokens": response.thinking_tokens},
        "server_tool_use": response.server_tool_use,
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def message(
    message_id: str,
    model: Model,
    response: Response,
    used: dict[str, Any],
    diagnosed: dict[str, Any] | None,
) -> dict[str, Any]:
    """The whole answer, as an unstreamed request gets it."""
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model.id,
        "content": response.content(),
        "container": response.container,
        "stop_reason": response.stop_reason,
        "stop_sequence": response.stop_sequence,
        "stop_details": response.stop_details,
        "usage": used,
        "diagnostics": diagnosed,
    }
