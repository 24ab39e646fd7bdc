"""A `Request` as the SDK's keyword arguments: pure, and byte-identical wherever two requests are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Required, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anthropic.types import (
        CacheControlEphemeralParam,
        MessageParam,
        MetadataParam,
        OutputConfigParam,
        TextBlockParam,
        ThinkingConfigParam,
    )

    from bot.conversation.request import Lifetime, PromptMessage, Request

# The API takes no less, and only less than `max_tokens` (thinking.budget_tokens).
LEAST_BUDGET_TOKENS = 1024


class StreamArguments(TypedDict, total=False):
    """What `messages.stream` is called with."""

    model: Required[str]
    max_tokens: Required[int]
    system: list[TextBlockParam]
    messages: Required[list[MessageParam]]
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


def stream_arguments(request: Request) -> StreamArguments:
    """The keyword arguments that stream the reply to `request`.

    The marks of the cache are all placed here, none by the API (top-level `cache_control`): one after the system
    prompt, so that it stays cached when the messages do not match (after a trim, or in another thread), and those
    that the request names. A mark is no part of what the cache compares, so that it may move from one request to
    the next. `thinking` is not named unless it was chosen: each model's own
    default is the one that works.
    """
    marks = request.breakpoints
    places = dict(marks.messages) if marks is not None else {}
    arguments = StreamArguments(
        model=request.model,
        max_tokens=request.max_tokens,
        messages=[_message(message, places.get(at)) for at, message in enumerate(request.messages)],
    )
    if request.system:
        arguments["system"] = _blocks(request.system, marks.system if marks is not None else None)
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
        arguments["system"] = _blocks(request.system)
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


def _message(message: PromptMessage, mark: Lifetime | None = None) -> MessageParam:
    content = _blocks(message.blocks, mark)
    if message.role == "user":
        return {"role": "user", "content": content}
    return {"role": "assistant", "content": content}


def _blocks(texts: Sequence[str], mark: Lifetime | None = None) -> list[TextBlockParam]:
    blocks: list[TextBlockParam] = [{"type": "text", "text": text} for text in texts]
    if mark is not None:
        # Five minutes are the default, and servers that only resemble the API may know no other.
        control: CacheControlEphemeralParam = {"type": "ephemeral"}
        blocks[-1]["cache_control"] = control if mark == "5m" else {**control, "ttl": mark}
    return blocks
