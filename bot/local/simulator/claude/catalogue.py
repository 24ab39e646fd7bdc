"""The models that the local Claude knows, from `models.json`.

Limits, prices and rules are those that Anthropic documents; a release date that is not known is the epoch, as
in the real list. Undocumented values are copied from sibling models (the smallest cacheable prompt
of Fable 5.2, the tokens that tools add to models after Opus 5 and Sonnet 5) or assumed (the deprecation dates of
the two old models).
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

Lifecycle = Literal["active", "deprecated", "retired"]
ThinkingType = Literal["adaptive", "disabled", "between_tools", "enabled"]
THINKING_TYPES: tuple[ThinkingType, ...] = ("adaptive", "between_tools", "disabled", "enabled")
EFFORTS = ("low", "medium", "high", "xhigh", "max")


class Frozen(BaseModel):
    """A value read from the catalogue, its fields complete and known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tier(Frozen):
    """The prices that a request pays in whole once its prompt exceeds `prompt_tokens`."""

    prompt_tokens: int
    input: float
    output: float
    cache_read: float | None


class Prices(Frozen):
    """US dollars for a million tokens; `cache_read` is None where it is not known."""

    input: float
    output: float
    cache_read: float | None
    above: Tier | None = None


class Thinking(Frozen):
    """The values of `thinking.type` that a model accepts; without thinking, effort is at most `off_up_to_effort`.

    `text_between_tools`: what the model writes between two calls of a turn comes as thinking.
    """

    types: tuple[ThinkingType, ...]
    default: ThinkingType
    display: Literal["omitted", "summarized"]
    off_up_to_effort: str | None
    bound_to_conversation: bool
    text_between_tools: bool = False


class ServerTools(Frozen):
    """The server tools that a model has; `programmatic`: code that it runs can call other tools."""

    names: tuple[str, ...]
    programmatic: bool


class Effort(Frozen):
    """The levels of `output_config.effort`; empty if the model lacks the parameter."""

    levels: tuple[str, ...]
    default: str | None


class Model(Frozen):
    """One model: limits in tokens, prices, and the request rules that differ between models."""

    id: str
    display_name: str
    created_at: str
    line: str
    max_input_tokens: int
    max_tokens: int
    prices_usd_per_mtok: Prices
    min_cacheable_tokens: int
    tokenizer: Literal["current", "older"]
    thinking: Thinking
    effort: Effort
    server_tools: ServerTools
    tool_tokens: int
    forced_tool_choice: bool
    prefill: bool
    sampling_parameters: bool
    system_messages: bool
    lifecycle: Lifecycle
    deprecated_at: str | None
    retires_at: str | None
    aliases: tuple[str, ...]

    def info(self) -> dict[str, Any]:
        """The model as `GET /v1/models/{id}` answers it."""
        return {
            "type": "model",
            "id": self.id,
            "display_name": self.display_name,
            "created_at": self.created_at,
            "lifecycle": self.lifecycle,
            "line": self.line,
            "max_input_tokens": self.max_input_tokens,
            "max_tokens": self.max_tokens,
            "deprecated_at": self.deprecated_at,
            "retires_at": self.retires_at,
            "capabilities": self._capabilities(),
        }

    def without(self, tools: Collection[str]) -> Model:
        """The model without some of its server tools."""
        names = tuple(name for name in self.server_tools.names if name not in tools)
        return self.model_copy(update={"server_tools": self.server_tools.model_copy(update={"names": names})})

    def _capabilities(self) -> dict[str, Any]:
        yes, no = {"supported": True}, {"supported": False}
        return {
            "batch": yes,
            "citations": yes,
            "code_execution": yes if self.server_tools.programmatic else no,
            "context_management": {
                "supported": True,
                "clear_thinking_20251015": yes,
                "clear_tool_uses_20250919": yes,
                "compact_20260112": yes if self.tokenizer == "current" else no,
            },
            "effort": {
                "supported": bool(self.effort.levels),
                **{level: yes if level in self.effort.levels else no for level in EFFORTS},
            },
            "image_input": yes,
            "pdf_input": yes,
            "server_tools": {
                "supported": bool(self.server_tools.names),
                **{
                    name: yes if name in self.server_tools.names else no
                    for name in ("web_search", "code_execution")
                },
            },
            "structured_outputs": yes,
            "thinking": {
                "supported": self.thinking.types != ("disabled",),
                "types": {kind: yes if kind in self.thinking.types else no for kind in THINKING_TYPES},
            },
        }


@cache
def models() -> tuple[Model, ...]:
    """Every known model, the newest first, retired ones included."""
    source = Path(__file__).with_name("models.json").read_bytes()
    return tuple(TypeAdapter(list[Model]).validate_json(source))


def find(name: str) -> Model | None:
    """The model of this id or alias, unless it is unknown."""
    return next((model for model in models() if name == model.id or name in model.aliases), None)
