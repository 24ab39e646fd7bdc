"""A `Request` as the SDK's keyword arguments: pure, and byte-identical wherever two requests are alike."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Required, TypedDict

from bot.conversation.content import (
    Document,
    FileSource,
    Image,
    InlineSource,
    LegacyInline,
    LegacyUpload,
    Opaque,
    Text,
    ToolResult,
    ToolUse,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from anthropic.types import (
        CacheControlEphemeralParam,
        MessageParam,
        MetadataParam,
        OutputConfigParam,
        TextBlockParam,
        ThinkingConfigParam,
        ToolUnionParam,
    )

    from bot.conversation.content import Block, Source
    from bot.conversation.request import Lifetime, Parameters, PromptMessage, Request

# The API's minimum of thinking.budget_tokens, which must also be less than `max_tokens`.
LEAST_BUDGET_TOKENS = 1024


class CountArguments(TypedDict, total=False):
    """The arguments of `messages.count_tokens`."""

    model: Required[str]
    system: list[TextBlockParam]
    messages: Required[list[MessageParam]]
    output_config: OutputConfigParam
    thinking: ThinkingConfigParam
    tools: list[ToolUnionParam]


class StreamArguments(CountArguments, total=False):
    """The arguments of `messages.stream`."""

    max_tokens: Required[int]
    metadata: MetadataParam
    container: str


def stream_arguments(request: Request) -> StreamArguments:
    """The keyword arguments that stream the reply to `request`.

    All cache breakpoints are explicit (no top-level `cache_control`): one after the system prompt, so that it stays
    cached when the messages differ (after a trim, or in another thread), and those that the request names. The cache
    does not compare breakpoints, so that they may move from one request to the next. `thinking` is omitted unless
    it was chosen, because each model's own default works.
    """
    marks = request.breakpoints
    lifetimes = dict(marks.messages) if marks is not None else {}
    arguments = StreamArguments(
        model=request.parameters.model,
        max_tokens=request.parameters.max_tokens,
        messages=[
            _message(message, request.inline, lifetimes.get(at))
            for at, message in enumerate(request.messages)
        ],
    )
    _add_options(arguments, request, marks.system if marks is not None else None)
    if request.user_key is not None:
        arguments["metadata"] = {"user_id": request.user_key}
    if request.container is not None:
        arguments["container"] = request.container
    return arguments


def count_arguments(request: Request) -> CountArguments:
    """The keyword arguments that count the input tokens of `request`; caching does not change the count."""
    arguments = CountArguments(
        model=request.parameters.model,
        messages=[_message(message, request.inline) for message in request.messages],
    )
    _add_options(arguments, request)
    return arguments


def _add_options(arguments: CountArguments, request: Request, mark: Lifetime | None = None) -> None:
    """Add what a request may leave out: the system prompt, with a breakpoint, and the options of the model."""
    parameters = request.parameters
    if request.system:
        arguments["system"] = _texts(request.system, mark)
    if parameters.effort is not None:
        arguments["output_config"] = {"effort": parameters.effort}
    if (thinking := _thinking(parameters)) is not None:
        arguments["thinking"] = thinking
    if parameters.tools:
        arguments["tools"] = [json.loads(tool.json) for tool in parameters.tools]


def _thinking(parameters: Parameters) -> ThinkingConfigParam | None:
    match parameters.thinking:
        case "adaptive":
            return {"type": "adaptive"}
        case "disabled":
            return {"type": "disabled"}
        case "between_tools":
            return {"type": "between_tools"}
        case "enabled" if parameters.max_tokens > LEAST_BUDGET_TOKENS:
            # Half of the reply's limit; the other half is left for the text.
            return {"type": "enabled", "budget_tokens": max(LEAST_BUDGET_TOKENS, parameters.max_tokens // 2)}
        case _:
            return None


def _message(message: PromptMessage, inline: Mapping[str, str], mark: Lifetime | None = None) -> MessageParam:
    content = _marked((_block(block, inline) for block in message.blocks), mark)
    if message.role == "user":
        return {"role": "user", "content": content}
    return {"role": "assistant", "content": content}


def _texts(texts: Sequence[str], mark: Lifetime | None = None) -> list[TextBlockParam]:
    return _marked(({"type": "text", "text": text} for text in texts), mark)


def _block(block: Block, inline: Mapping[str, str]) -> Any:
    match block:
        case Text():
            return {"type": "text", "text": block.text}
        case Image():
            return {"type": "image", "source": _source(block.source, inline)}
        case Document():
            title = {"title": block.title} if block.title else {}
            return {"type": "document", "source": _source(block.source, inline), **title}
        case ToolUse():
            caller = {"caller": json.loads(block.caller)} if block.caller else {}
            call = {"type": "tool_use", "id": block.id, "name": block.name, "input": json.loads(block.input)}
            return {**call, **caller}
        case ToolResult():
            failed = {"is_error": True} if block.is_error else {}
            content = [_block(part, inline) for part in block.content]
            return {"type": "tool_result", "tool_use_id": block.tool_use_id, "content": content, **failed}
        case Opaque():
            return json.loads(block.json)


def _source(source: Source, inline: Mapping[str, str]) -> dict[str, str]:
    match source:
        case FileSource() | LegacyUpload():
            return {"type": "file", "file_id": source.file_id}
        case InlineSource():
            return {"type": "base64", "media_type": source.media_type, "data": inline[source.digest]}
        case LegacyInline():
            return {"type": "base64", "media_type": source.media_type, "data": source.data}


def _marked(rendered: Iterable[Any], mark: Lifetime | None) -> list[Any]:
    blocks = list(rendered)
    if mark is not None:
        # Five minutes are the default; other servers may not know any other lifetime.
        control: CacheControlEphemeralParam = {"type": "ephemeral"}
        blocks[-1]["cache_control"] = control if mark == "5m" else {**control, "ttl": mark}
    return blocks
