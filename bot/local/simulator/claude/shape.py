"""The shape of a request body: which fields there are, of which types; anything else is a 400.

pydantic's messages are the API's too ("max_tokens: Field required", "foo: Extra inputs are not permitted").
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError

from .failures import Failure, refused
from .prompt import Body

MAX_MESSAGES = 100_000
# Tags that the unions below need and that the API's messages do not show.
SILENT = "~"
SAMPLING = ("temperature", "top_p", "top_k")


class Strict(BaseModel):
    """An object that may hold its known fields only, and no 1 where it says true."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Open(BaseModel):
    """An object of which only the type is checked."""

    model_config = ConfigDict(extra="allow")


class CacheControl(Strict):
    """`cache_control`, on a block or on the whole request."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


class Text(Strict):
    """A text block."""

    type: Literal["text"]
    text: str
    cache_control: CacheControl | None = None
    citations: list[dict[str, Any]] | None = None


class Thinking(Strict):
    """A thinking block that is sent back."""

    type: Literal["thinking"]
    thinking: str
    signature: str


class RedactedThinking(Strict):
    """A thinking block that came back encrypted."""

    type: Literal["redacted_thinking"]
    data: str


class Source(Open):
    """Where an image or a document comes from."""

    type: Literal["base64", "url", "file", "text", "content"]


class Media(Strict):
    """An image or a document."""

    type: Literal["image", "document"]
    source: Source
    cache_control: CacheControl | None = None
    title: str | None = None
    context: str | None = None
    citations: dict[str, Any] | None = None


class ToolUse(Strict):
    """A call of a tool."""

    type: Literal["tool_use"]
    id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    input: dict[str, Any]
    cache_control: CacheControl | None = None
    caller: dict[str, Any] | None = None


class ToolResult(Strict):
    """What a tool answered."""

    type: Literal["tool_result"]
    tool_use_id: str
    content: str | list[dict[str, Any]] | None = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None


class Other(Open):
    """A block of a server tool: its contents are taken as they come."""

    type: str
    cache_control: CacheControl | None = None


KNOWN = {"text", "thinking", "redacted_thinking", "image", "document", "tool_use", "tool_result"}
SERVER_BLOCKS = ("search_result", "server_tool_use", "container_upload", "mcp_tool_use", "tool_reference")


def _block_tag(block: Any) -> str | None:
    kind = str(block.get("type") if isinstance(block, dict) else getattr(block, "type", ""))
    if kind in KNOWN:
        return kind
    return f"{SILENT}other" if kind in SERVER_BLOCKS or kind.endswith("_tool_result") else None


Block = Annotated[
    Annotated[Text, Tag("text")]
    | Annotated[Thinking, Tag("thinking")]
    | Annotated[RedactedThinking, Tag("redacted_thinking")]
    | Annotated[Media, Tag("image")]
    | Annotated[Media, Tag("document")]
    | Annotated[ToolUse, Tag("tool_use")]
    | Annotated[ToolResult, Tag("tool_result")]
    | Annotated[Other, Tag(f"{SILENT}other")],
    Discriminator(
        _block_tag,
        custom_error_type="unknown_block",
        custom_error_message="Input tag does not match any of the expected content block types",
    ),
]


def _content_tag(content: Any) -> str:
    return f"{SILENT}text" if isinstance(content, str) else f"{SILENT}blocks"


Content = Annotated[
    Annotated[str, Tag(f"{SILENT}text")] | Annotated[list[Block], Tag(f"{SILENT}blocks")],
    Discriminator(_content_tag),
]
System = Annotated[
    Annotated[str, Tag(f"{SILENT}text")] | Annotated[list[Text], Tag(f"{SILENT}blocks")],
    Discriminator(_content_tag),
]


class Message(Strict):
    """One entry of `messages`."""

    role: Literal["user", "assistant", "system"]
    content: Content


class CustomTool(Strict):
    """A tool of the client's own."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]
    input_schema: dict[str, Any]
    type: Literal["custom"] | None = None
    description: str | None = None
    cache_control: CacheControl | None = None
    allowed_callers: list[str] | None = None
    defer_loading: bool | None = None
    eager_input_streaming: bool | None = None
    input_examples: list[dict[str, Any]] | None = None
    strict: bool | None = None


class ServerTool(Open):
    """A tool that Anthropic runs or defines, named by a dated type."""

    type: str
    cache_control: CacheControl | None = None


def _tool_tag(tool: Any) -> str:
    kind = tool.get("type") if isinstance(tool, dict) else getattr(tool, "type", None)
    return "custom" if kind in (None, "custom") else f"{SILENT}server"


Tool = Annotated[
    Annotated[CustomTool, Tag("custom")] | Annotated[ServerTool, Tag(f"{SILENT}server")],
    Discriminator(_tool_tag),
]


class ToolChoice(Strict):
    """`tool_choice`."""

    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Adaptive(Strict):
    """The model decides whether and how much to think."""

    type: Literal["adaptive"]
    display: Literal["summarized", "omitted"] | None = None


class Off(Strict):
    """No thinking, or none before the answer."""

    type: Literal["disabled", "between_tools"]


class Enabled(Strict):
    """Thinking within a budget of tokens."""

    type: Literal["enabled"]
    budget_tokens: Annotated[int, Field(ge=1024)]
    display: Literal["summarized", "omitted"] | None = None


class OutputFormat(Strict):
    """The schema that the answer has to follow."""

    type: Literal["json_schema"]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]


class OutputConfig(Strict):
    """`output_config`."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: OutputFormat | None = None


class Metadata(Strict):
    """`metadata`."""

    user_id: Annotated[str, Field(max_length=256)] | None = None


class Diagnostics(Strict):
    """`diagnostics`."""

    previous_message_id: str | None = None


class CountRequest(Strict):
    """The body of `POST /v1/messages/count_tokens`."""

    model: Annotated[str, Field(min_length=1, max_length=256)]
    messages: Annotated[list[Message], Field(max_length=MAX_MESSAGES)]
    system: System | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Annotated[Adaptive | Off | Enabled, Field(discriminator="type")] | None = None
    output_config: OutputConfig | None = None
    cache_control: CacheControl | None = None
    speed: Literal["standard", "fast"] | None = None


class MessageRequest(CountRequest):
    """The body of `POST /v1/messages`."""

    max_tokens: Annotated[int, Field(ge=0)]
    stream: bool | None = None
    stop_sequences: list[str] | None = None
    metadata: Metadata | None = None
    diagnostics: Diagnostics | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    inference_geo: str | None = None
    container: str | dict[str, Any] | None = None
    user_profile_id: str | None = None


MESSAGE = TypeAdapter(MessageRequest)
COUNT = TypeAdapter(CountRequest)


def check_shape(body: Any, *, counting: bool = False, sampling: bool = False) -> Failure | None:
    """The first way in which a decoded body is not a request, if any.

    `sampling` lets `temperature`, `top_p` and `top_k` pass, as API versions before 2026-10-21 do.
    """
    if not isinstance(body, dict):
        return refused("Input should be a valid dictionary")
    known: Body = {key: value for key, value in body.items() if not (sampling and key in SAMPLING)}
    try:
        (COUNT if counting else MESSAGE).validate_python(known)
    except ValidationError as error:
        # Errors of unknown fields come last in pydantic; any order is as good as the API's.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"] if not str(part).startswith(SILENT))
        return refused(f"{path}: {first['msg']}")
    return None
