"""A `Request` as the SDK's keyword arguments: pure, and byte-identical wherever two requests are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Required, TypedDict

if TYPE_CHECKING:
    from anthropic.types import (
        CacheControlEphemeralParam,
        MessageParam,
        MetadataParam,
        OutputConfigParam,
        TextBlockParam,
        ThinkingConfigParam,
    )

    from bot.conversation.request import PromptMessage, Request

CacheLifetime = Literal["5m", "1h", "off"]

# The API takes no less, and only less than `max_tokens` (thinking.budget_tokens).
LEAST_BUDGET_TOKENS = 1024


class StreamArguments(TypedDict, total=False):
    """What `messages.stream` is called with."""

    model: Required[str]
    max_tokens: Required[int]
    system: list[TextBlockParam]
    messages: Required[list[MessageParam]]
    cache_control: CacheControlEphemeralParam
    output_config: OutputConfigParam
    metadata: MetadataParam
    thinking: ThinkingConfigParam


class CountArguments(TypedDict, total=False):
    """What `messages.count_tokens` is called with."""

    model: Required[str]
    system: list[TextBlockParam]
    messages: Required[list[MessageParam]]
    output_config: OutputConfigParam
    thinking: ThinkingConfigParam


def stream_arguments(request: Request, cache: CacheLifetime) -> StreamArguments:
    """The keyword arguments that stream the reply to `request`.

    The system prompt ends in a breakpoint of its own, so that it stays cached when the messages do not match
    (after a trim, or in another thread); the one for the messages is placed by the API (top-level
    `cache_control`), so that no mark moves through them. Both carry the same lifetime: the API refuses a
    longer one behind a shorter. `thinking` is not named unless it was chosen: each model's own default works.
    """
    mark = _cache_mark(cache)
    arguments = StreamArguments(
        model=request.model,
        max_tokens=request.max_tokens,
        messages=[_message(message) for message in request.messages],
    )
    if request.system:
        arguments["system"] = [_text(block) for block in request.system]
        if mark is not None:
            arguments["system"][-1]["cache_control"] = mark
    if mark is not None:
        arguments["cache_control"] = mark
    if request.effort is not None:
        arguments["output_config"] = {"effort": request.effort}
    if (thinking := _thinking(request)) is not None:
        arguments["thinking"] = thinking
    if request.user_key is not None:
        arguments["metadata"] = {"user_id": request.user_key}
    return arguments


def count_arguments(request: Request) -> CountArguments:
    """The keyword arguments that count the input tokens of `request`; caching does not change the count."""
    arguments = CountArguments(
        model=request.model, messages=[_message(message) for message in request.messages]
    )
    if request.system:
        arguments["system"] = [_text(block) for block in request.system]
    if request.effort is not None:
        arguments["output_config"] = {"effort": request.effort}
    if (thinking := _thinking(request)) is not None:
        arguments["thinking"] = thinking
    return arguments


def _thinking(request: Request) -> ThinkingConfigParam | None:
    match request.thinking:
        case "adaptive":
            return {"type": "adaptive"}
        case "disabled":
            return {"type": "disabled"}
        case "between_tools":
            return {"type": "between_tools"}
        case "enabled" if request.max_tokens > LEAST_BUDGET_TOKENS:
            # Half of the reply's limit, so that as much is left for the text.
            return {"type": "enabled", "budget_tokens": max(LEAST_BUDGET_TOKENS, request.max_tokens // 2)}
        case _:
            return None


def _cache_mark(cache: CacheLifetime) -> CacheControlEphemeralParam | None:
    if cache == "off":
        return None
    if cache == "5m":
        return {"type": "ephemeral"}
    return {"type": "ephemeral", "ttl": cache}


def _message(message: PromptMessage) -> MessageParam:
    content = [_text(block) for block in message.blocks]
    if message.role == "user":
        return {"role": "user", "content": content}
    return {"role": "assistant", "content": content}


def _text(text: str) -> TextBlockParam:
    return {"type": "text", "text": text}
