"""The shapes of the blocks of server tools, as they come and are sent back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Tag

from .shape_parts import SILENT, CacheControl, Caller, CitationsConfig, Strict, list_or_object

CallId = Annotated[str, Field(pattern=r"^srvtoolu_[a-zA-Z0-9_]+$")]


class ServerToolUse(Strict):
    """A call of a server tool."""

    type: Literal["server_tool_use"]
    id: CallId
    name: Literal[
        "web_search", "web_fetch", "code_execution", "bash_code_execution", "text_editor_code_execution"
    ]
    input: dict[str, Any]
    cache_control: CacheControl | None = None
    caller: Caller | None = None


class WebSearchResult(Strict):
    """One page that was found."""

    type: Literal["web_search_result"]
    url: str
    title: str
    encrypted_content: str
    page_age: str | None = None


class WebSearchError(Strict):
    """Why nothing was searched."""

    type: Literal["web_search_tool_result_error"]
    error_code: str


class WebSearchToolResult(Strict):
    """What web search found."""

    type: Literal["web_search_tool_result"]
    tool_use_id: CallId
    content: Annotated[
        Annotated[list[WebSearchResult], Tag(f"{SILENT}list")]
        | Annotated[WebSearchError, Tag(f"{SILENT}object")],
        list_or_object(),
    ]
    cache_control: CacheControl | None = None
    caller: Caller | None = None


class FetchedSource(Strict):
    """The words or the bytes of a page."""

    type: Literal["text", "base64"]
    media_type: Literal["text/plain", "application/pdf"]
    data: str


class FetchedDocument(Strict):
    """A page as a document."""

    type: Literal["document"]
    source: FetchedSource
    title: str | None = None
    context: str | None = None
    citations: CitationsConfig | None = None
    cache_control: CacheControl | None = None


class WebFetchResult(Strict):
    """A page that was read."""

    type: Literal["web_fetch_result"]
    url: str
    content: FetchedDocument
    retrieved_at: str | None = None


class WebFetchError(Strict):
    """Why a page was not read."""

    type: Literal["web_fetch_tool_result_error"]
    error_code: str


class WebFetchToolResult(Strict):
    """What web fetch read."""

    type: Literal["web_fetch_tool_result"]
    tool_use_id: CallId
    content: Annotated[WebFetchResult | WebFetchError, Field(discriminator="type")]
    cache_control: CacheControl | None = None
    caller: Caller | None = None


class MadeFile(Strict):
    """A file that code has made."""

    type: Literal["bash_code_execution_output", "code_execution_output"]
    file_id: str


class CodeOutput(Strict):
    """What code printed and made."""

    type: Literal["bash_code_execution_result", "code_execution_result"]
    stdout: str
    stderr: str
    return_code: int
    content: list[MadeFile]


class EncryptedCodeOutput(Strict):
    """What code made, and encrypted, what it printed."""

    type: Literal["encrypted_code_execution_result"]
    encrypted_stdout: str
    stderr: str
    return_code: int
    content: list[MadeFile]


class CodeError(Strict):
    """Why no code was run."""

    type: Literal["bash_code_execution_tool_result_error", "code_execution_tool_result_error"]
    error_code: str


class CodeToolResult(Strict):
    """What became of code."""

    type: Literal["bash_code_execution_tool_result", "code_execution_tool_result"]
    tool_use_id: CallId
    content: Annotated[CodeOutput | EncryptedCodeOutput | CodeError, Field(discriminator="type")]
    cache_control: CacheControl | None = None


class FileViewed(Strict):
    """A file in the container, seen."""

    type: Literal["text_editor_code_execution_view_result"]
    content: str
    file_type: Literal["text", "image", "pdf"]
    num_lines: int | None = None
    start_line: int | None = None
    total_lines: int | None = None


class FileCreated(Strict):
    """A file in the container, written."""

    type: Literal["text_editor_code_execution_create_result"]
    is_file_update: bool


class FileChanged(Strict):
    """A file in the container, changed."""

    type: Literal["text_editor_code_execution_str_replace_result"]
    lines: list[str] | None = None
    new_lines: int | None = None
    new_start: int | None = None
    old_lines: int | None = None
    old_start: int | None = None


class FileError(Strict):
    """Why a file in the container was left alone."""

    type: Literal["text_editor_code_execution_tool_result_error"]
    error_code: str
    error_message: str | None = None


class TextEditorToolResult(Strict):
    """What became of a file in the container."""

    type: Literal["text_editor_code_execution_tool_result"]
    tool_use_id: CallId
    content: Annotated[FileViewed | FileCreated | FileChanged | FileError, Field(discriminator="type")]
    cache_control: CacheControl | None = None


class ContainerUpload(Strict):
    """An uploaded file for the container."""

    type: Literal["container_upload"]
    file_id: str
    cache_control: CacheControl | None = None
