"""What the shapes of requests, blocks and tools have in common."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field

# Tags that unions need and that the API's messages do not show.
SILENT = "~"


class Strict(BaseModel):
    """An object that may hold its known fields only, and no 1 where it says true."""

    model_config = ConfigDict(extra="forbid", strict=True)


class CacheControl(Strict):
    """`cache_control`, on a block or on the whole request."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


class CitationsConfig(Strict):
    """`citations` of a document or a tool."""

    enabled: bool | None = None


class DirectCaller(Strict):
    """The model itself has called."""

    type: Literal["direct"]


class CodeCaller(Strict):
    """Code has called, in a call of code execution."""

    type: Literal["code_execution_20250825", "code_execution_20260120"]
    tool_id: str


Caller = Annotated[DirectCaller | CodeCaller, Field(discriminator="type")]


def kind(value: Any) -> Any:
    """The `type` of a value that is still JSON, or that was read already."""
    return value.get("type") if isinstance(value, dict) else getattr(value, "type", None)


def list_or_object() -> Discriminator:
    """Tells `[...]`, tag "list", from anything else, tag "object"."""
    return Discriminator(
        lambda value: f"{SILENT}list" if isinstance(value, list | tuple) else f"{SILENT}object"
    )
