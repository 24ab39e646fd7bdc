"""The shapes of content blocks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from .server_block_shape import (
    CodeToolResult,
    ContainerUpload,
    ServerToolUse,
    TextEditorToolResult,
    WebFetchToolResult,
    WebSearchToolResult,
)
from .shape_parts import SILENT, CacheControl, Caller, CitationsConfig, Strict, kind


class DocumentCitation(Strict):
    """A passage of a document."""

    type: Literal["char_location", "page_location", "content_block_location"]
    cited_text: str
    document_index: Annotated[int, Field(ge=0)]
    document_title: str | None
    file_id: str | None = None
    start_char_index: int | None = None
    end_char_index: int | None = None
    start_page_number: Annotated[int, Field(ge=1)] | None = None
    end_page_number: int | None = None
    start_block_index: int | None = None
    end_block_index: int | None = None


class WebCitation(Strict):
    """A page that web search has found."""

    type: Literal["web_search_result_location"]
    cited_text: str
    encrypted_index: str
    title: str | None
    url: str


class SearchResultCitation(Strict):
    """A passage of a search result that the client brought."""

    type: Literal["search_result_location"]
    cited_text: str
    search_result_index: Annotated[int, Field(ge=0)]
    source: str
    title: str | None
    start_block_index: int
    end_block_index: int


Citation = Annotated[DocumentCitation | WebCitation | SearchResultCitation, Field(discriminator="type")]


class Text(Strict):
    """A text block."""

    type: Literal["text"]
    text: str
    cache_control: CacheControl | None = None
    citations: list[Citation] | None = None


class Thinking(Strict):
    """A thinking block that is sent back."""

    type: Literal["thinking"]
    thinking: str
    signature: str


class RedactedThinking(Strict):
    """A thinking block that came back encrypted."""

    type: Literal["redacted_thinking"]
    data: str


class Source(BaseModel):
    """Where an image or a document comes from; only the type is checked."""

    model_config = ConfigDict(extra="allow")
    type: Literal["base64", "url", "file", "text", "content"]


class Media(Strict):
    """An image or a document."""

    type: Literal["image", "document"]
    source: Source
    cache_control: CacheControl | None = None
    title: str | None = None
    context: str | None = None
    citations: CitationsConfig | None = None


class SearchResult(Strict):
    """A search result that the client brings."""

    type: Literal["search_result"]
    source: str
    title: str
    content: list[Text]
    cache_control: CacheControl | None = None
    citations: CitationsConfig | None = None


class ToolUse(Strict):
    """A call of a client tool."""

    type: Literal["tool_use"]
    id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    input: dict[str, Any]
    cache_control: CacheControl | None = None
    caller: Caller | None = None


def _tags(*kinds: str) -> Discriminator:
    def tag(block: Any) -> str | None:
        found = str(kind(block))
        return found if found in kinds else None

    return Discriminator(
        tag,
        custom_error_type="unknown_block",
        custom_error_message="Input tag does not match any of the expected content block types",
    )


Shown = Annotated[
    Annotated[Text, Tag("text")]
    | Annotated[Media, Tag("image")]
    | Annotated[Media, Tag("document")]
    | Annotated[SearchResult, Tag("search_result")],
    _tags("text", "image", "document", "search_result"),
]


def content_tag(content: Any) -> str:
    """Tells a string from blocks."""
    return f"{SILENT}text" if isinstance(content, str) else f"{SILENT}blocks"


class ToolResult(Strict):
    """What a client tool answered."""

    type: Literal["tool_result"]
    tool_use_id: str
    content: (
        Annotated[
            Annotated[str, Tag(f"{SILENT}text")] | Annotated[list[Shown], Tag(f"{SILENT}blocks")],
            Discriminator(content_tag),
        ]
        | None
    ) = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None


KINDS = (
    "text",
    "thinking",
    "redacted_thinking",
    "image",
    "document",
    "search_result",
    "tool_use",
    "tool_result",
    "server_tool_use",
    "web_search_tool_result",
    "web_fetch_tool_result",
    "bash_code_execution_tool_result",
    "code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "container_upload",
)
Block = Annotated[
    Annotated[Text, Tag("text")]
    | Annotated[Thinking, Tag("thinking")]
    | Annotated[RedactedThinking, Tag("redacted_thinking")]
    | Annotated[Media, Tag("image")]
    | Annotated[Media, Tag("document")]
    | Annotated[SearchResult, Tag("search_result")]
    | Annotated[ToolUse, Tag("tool_use")]
    | Annotated[ToolResult, Tag("tool_result")]
    | Annotated[ServerToolUse, Tag("server_tool_use")]
    | Annotated[WebSearchToolResult, Tag("web_search_tool_result")]
    | Annotated[WebFetchToolResult, Tag("web_fetch_tool_result")]
    | Annotated[CodeToolResult, Tag("bash_code_execution_tool_result")]
    | Annotated[CodeToolResult, Tag("code_execution_tool_result")]
    | Annotated[TextEditorToolResult, Tag("text_editor_code_execution_tool_result")]
    | Annotated[ContainerUpload, Tag("container_upload")],
    _tags(*KINDS),
]
