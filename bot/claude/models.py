"""The capabilities of a model, from the Models API or, where a server has none, from a shipped table."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from anthropic.resources.messages import DEPRECATED_MODELS

from bot.conversation.model import EFFORTS, Lifecycle, ModelInfo
from bot.conversation.request import Effort, ThinkingType
from bot.conversation.server_tools import CODE_EXECUTION, WEB_FETCH, WEB_SEARCH

_NO_XHIGH: tuple[Effort, ...] = ("low", "medium", "high", "max")
_THINKING: tuple[ThinkingType, ...] = get_args(ThinkingType)
_LIFECYCLES: tuple[Lifecycle, ...] = get_args(Lifecycle)
_MILLION = 1_000_000


def _known(
    id_: str,
    name: str,
    thinking: tuple[ThinkingType, ...],
    efforts: tuple[Effort, ...] = EFFORTS,
    context_tokens: int = _MILLION,
    output_tokens: int = 128_000,
    released: dt.date | None = None,
) -> ModelInfo:
    line = name.split()[1].lower()
    return ModelInfo(
        id_, context_tokens, output_tokens, efforts, thinking, name=name, line=line, released=released
    )


# Collected in November 2026 from the API's documentation; the Models API takes precedence.
TABLE = {
    info.id: info
    for info in (
        _known("claude-fable-5-2", "Claude Fable 5.2", ("adaptive",), released=dt.date(2026, 11, 9)),
        _known(
            "claude-haiku-5-5", "Claude Haiku 5.5", ("adaptive", "disabled"), released=dt.date(2026, 10, 7)
        ),
        _known(
            "claude-sonnet-5-5",
            "Claude Sonnet 5.5",
            ("adaptive", "between_tools"),
            released=dt.date(2026, 9, 28),
        ),
        _known("claude-opus-5-5", "Claude Opus 5.5", ("adaptive",), released=dt.date(2026, 9, 22)),
        _known("claude-opus-5", "Claude Opus 5", ("adaptive", "disabled"), released=dt.date(2026, 7, 24)),
        _known("claude-opus-4-8", "Claude Opus 4.8", ("adaptive", "disabled")),
        _known("claude-sonnet-4-6", "Claude Sonnet 4.6", ("adaptive", "disabled", "enabled"), _NO_XHIGH),
        _known("claude-haiku-4-5", "Claude Haiku 4.5", ("disabled", "enabled"), (), 200_000, 64_000),
        _known("claude-sonnet-4-5", "Claude Sonnet 4.5", ("disabled", "enabled"), (), 200_000, 64_000),
    )
}
_DATE_SUFFIX = re.compile(r"-\d{8}$")
_ORDINAL = re.compile(r"(?<=\d)(st|nd|rd|th)")


def family(model: str) -> str:
    """Return a model id without its date suffix."""
    return _DATE_SUFFIX.sub("", model)


def from_table(model: str) -> ModelInfo | None:
    """Return the entry of the table for `model`, with or without the date suffix of its id."""
    known = TABLE.get(model) or TABLE.get(family(model))
    retires = _american_date(DEPRECATED_MODELS.get(model) or DEPRECATED_MODELS.get(family(model)))
    if known is None and retires is None:
        return None
    known = replace(known or ModelInfo(model), id=model)
    return known if retires is None else replace(known, lifecycle="deprecated", retires=retires)


def from_api(model: str, answer: object) -> ModelInfo | None:
    """Return the Models API's entry for `model`, completed from the table; None if `answer` is no such entry."""
    full_id = answer.get("id") if isinstance(answer, Mapping) else None
    if not isinstance(answer, Mapping) or not isinstance(full_id, str):
        return None
    shipped = from_table(model) or from_table(full_id) or ModelInfo(model)
    capabilities = _mapping(answer.get("capabilities"))
    lifecycle = next((stage for stage in _LIFECYCLES if stage == answer.get("lifecycle")), None)
    return ModelInfo(
        id=model,
        context_tokens=_positive(answer.get("max_input_tokens")) or shipped.context_tokens,
        output_tokens=_positive(answer.get("max_tokens")) or shipped.output_tokens,
        efforts=_efforts(capabilities, shipped),
        thinking=_thinking_types(capabilities, shipped),
        lifecycle=lifecycle or shipped.lifecycle,
        # An active model has no planned retirement, whatever the table contains.
        retires=_date(answer.get("retires_at")) or (None if lifecycle == "active" else shipped.retires),
        name=_text(answer.get("display_name")) or shipped.name,
        line=_text(answer.get("line")) or shipped.line,
        released=_date(answer.get("created_at")) or shipped.released,
        server_tools=_server_tools(capabilities),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _date(value: object) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _american_date(words: str | None) -> dt.date | None:
    if words is None:
        return None
    try:
        return dt.datetime.strptime(_ORDINAL.sub("", words), "%B %d, %Y").replace(tzinfo=dt.UTC).date()
    except ValueError:
        return None


def _efforts(capabilities: Mapping[str, Any], shipped: ModelInfo) -> tuple[Effort, ...] | None:
    effort = capabilities.get("effort")
    if not isinstance(effort, Mapping):
        return shipped.efforts
    if effort.get("supported") is False:
        return ()
    return tuple(level for level in EFFORTS if _supported(effort.get(level)))


def _thinking_types(capabilities: Mapping[str, Any], shipped: ModelInfo) -> tuple[ThinkingType, ...] | None:
    types = _mapping(capabilities.get("thinking")).get("types")
    if not isinstance(types, Mapping):
        return shipped.thinking
    return tuple(kind for kind in _THINKING if _supported(types.get(kind)))


def _server_tools(capabilities: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the server tools of a model; web fetch has no entry of its own and goes with web search."""
    tools = capabilities.get("server_tools")
    if not isinstance(tools, Mapping):
        return None
    found = {name for name in (WEB_SEARCH, CODE_EXECUTION) if _supported(tools.get(name))}
    return frozenset(found | {WEB_FETCH} if WEB_SEARCH in found else found)


def _supported(capability: object) -> bool:
    return isinstance(capability, Mapping) and capability.get("supported") is True
