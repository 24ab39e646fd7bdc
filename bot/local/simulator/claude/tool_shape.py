"""The shapes of `tools` and `tool_choice`; tools that are not known here are refused.

Anthropic, "Tool use", "Web search tool", "Web fetch tool", "Code execution tool".
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from .shape_parts import CacheControl, CitationsConfig, Strict, kind

PROPERTY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
CallerName = Literal[
    "direct", "code_execution_20250825", "code_execution_20260120", "code_execution_20260521"
]


class Tool(Strict):
    """What all tools have."""

    allowed_callers: Annotated[list[CallerName], Field(min_length=1)] | None = None
    cache_control: CacheControl | None = None
    defer_loading: bool | None = None
    strict: bool | None = None


class CustomTool(Tool):
    """A tool of the client's own."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    input_schema: dict[str, Any]
    type: Literal["custom"] | None = None
    description: str | None = None
    eager_input_streaming: bool | None = None
    input_examples: list[dict[str, Any]] | None = None

    @field_validator("input_schema")
    @classmethod
    def _is_of_an_object(cls, schema: dict[str, Any]) -> dict[str, Any]:
        if "type" not in schema:
            raise PydanticCustomError("schema", "type: Field required")
        if schema["type"] != "object":
            raise PydanticCustomError("schema", "type: Input should be 'object'")
        if any(word in schema for word in ("oneOf", "allOf", "anyOf")):
            message = "input_schema does not support oneOf, allOf, or anyOf at the top level"
            raise PydanticCustomError("schema", message)
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(properties, dict) or not all(
            isinstance(each, dict | bool) for each in properties.values()
        ):
            raise _no_schema()
        if not isinstance(required, list) or not all(isinstance(each, str) for each in required):
            raise _no_schema()
        if not all(PROPERTY.fullmatch(name) for name in properties):
            message = "properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'"
            raise PydanticCustomError("schema", message)
        return schema


def _no_schema() -> PydanticCustomError:
    return PydanticCustomError("schema", "JSON schema is invalid. It must match JSON Schema draft 2020-12.")


Uses = Annotated[int, Field(gt=0)]
Domain = Annotated[str, Field(pattern=r"^[^\s:/]+(/\S*)?$")]


class WebTool(Tool):
    """What the web's tools have."""

    max_uses: Uses | None = None
    allowed_domains: Annotated[list[Domain], Field(min_length=1)] | None = None
    blocked_domains: Annotated[list[Domain], Field(min_length=1)] | None = None
    response_inclusion: Literal["full", "excluded"] | None = None

    @model_validator(mode="after")
    def _has_one_list(self) -> WebTool:
        if self.allowed_domains is not None and self.blocked_domains is not None:
            message = "Only one of allowed_domains or blocked_domains can be specified, not both"
            raise PydanticCustomError("domains", message)
        return self


class UserLocation(Strict):
    """Where the searcher is."""

    type: Literal["approximate"]
    city: str | None = None
    region: str | None = None
    country: Annotated[str, Field(min_length=2, max_length=2)] | None = None
    timezone: str | None = None


class WebSearch(WebTool):
    """Web search."""

    type: Literal["web_search_20260318"]
    name: Literal["web_search"]
    user_location: UserLocation | None = None


class UrlSource(Strict):
    """Whether a source adds addresses that may be fetched."""

    type: Literal["all", "none"]


class UrlSources(Strict):
    """The sources of addresses that may be fetched; lists of tool names are not known here."""

    user_input: UrlSource | None = None
    client_tool_results: UrlSource | None = None
    server_tool_results: UrlSource | None = None


class WebFetch(WebTool):
    """Web fetch."""

    type: Literal["web_fetch_20260318"]
    name: Literal["web_fetch"]
    citations: CitationsConfig | None = None
    max_content_tokens: Uses | None = None
    url_sources: UrlSources | None = None
    use_cache: bool | None = None


class CodeExecution(Tool):
    """Code execution."""

    type: Literal["code_execution_20260521"]
    name: Literal["code_execution"]


KINDS = ("custom", "web_search_20260318", "web_fetch_20260318", "code_execution_20260521")


def _tag(tool: Any) -> str | None:
    found = kind(tool) or "custom"
    return found if found in KINDS else None


AnyTool = Annotated[
    Annotated[CustomTool, Tag("custom")]
    | Annotated[WebSearch, Tag("web_search_20260318")]
    | Annotated[WebFetch, Tag("web_fetch_20260318")]
    | Annotated[CodeExecution, Tag("code_execution_20260521")],
    Discriminator(
        _tag,
        custom_error_type="unknown_tool",
        custom_error_message="Input tag found using 'type' does not match any of the expected tags: "
        + ", ".join(repr(each) for each in KINDS),
    ),
]


class AutoChoice(Strict):
    """The model decides."""

    type: Literal["auto", "any"]
    disable_parallel_tool_use: bool | None = None


class NamedChoice(Strict):
    """One tool is to be called."""

    type: Literal["tool"]
    name: str
    disable_parallel_tool_use: bool | None = None


class NoChoice(Strict):
    """No tool may be called."""

    type: Literal["none"]


ToolChoice = Annotated[AutoChoice | NamedChoice | NoChoice, Field(discriminator="type")]
