"""What a model can do: asked of the Models API, with a shipped table where there is none to ask."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

import structlog
from anthropic.resources.messages import DEPRECATED_MODELS

from bot.claude.translate import translated
from bot.conversation.errors import ClaudeError, ClaudeKeyRefused, ClaudeModelUnknown
from bot.conversation.request import Effort

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

log = structlog.get_logger()

# The start of the bot waits for this, and can do without.
CHECK_TIMEOUT_S = 5.0
# One page holds the whole catalogue (the API's own maximum).
LIST_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known about a model; None means unknown, and an empty `efforts` that it takes no effort.

    `retires` is when a deprecated model ends, in the words of whoever said so.
    """

    id: str
    context_tokens: int | None = None
    output_tokens: int | None = None
    efforts: tuple[Effort, ...] = ()
    deprecated: bool = False
    retires: str | None = None

    @property
    def takes_effort(self) -> bool:
        """Whether `output_config.effort` may be sent at all."""
        return bool(self.efforts)


_EFFORTS: tuple[Effort, ...] = get_args(Effort)
_NO_XHIGH: tuple[Effort, ...] = ("low", "medium", "high", "max")

# Collected in November 2026 from the API's documentation; the Models API knows better where it answers.
_TABLE = {
    info.id: info
    for info in (
        ModelInfo("claude-haiku-5-5", 1_000_000, 128_000, _EFFORTS),
        ModelInfo("claude-sonnet-5-5", 1_000_000, 128_000, _EFFORTS),
        ModelInfo("claude-opus-5-5", 1_000_000, 128_000, _EFFORTS),
        ModelInfo("claude-fable-5-2", 1_000_000, 128_000, _EFFORTS),
        ModelInfo("claude-opus-5", 1_000_000, 128_000, _EFFORTS),
        ModelInfo("claude-opus-4-8", 1_000_000, 128_000, _EFFORTS),
        ModelInfo("claude-sonnet-4-6", 1_000_000, 128_000, _NO_XHIGH),
        ModelInfo("claude-haiku-4-5", 200_000, 64_000),
    )
}
_DATE_SUFFIX = re.compile(r"-\d{8}$")


def from_table(model: str) -> ModelInfo | None:
    """The shipped knowledge about `model`, with or without the date that its full id ends in."""
    known = _TABLE.get(model) or _TABLE.get(_DATE_SUFFIX.sub("", model))
    retires = DEPRECATED_MODELS.get(model)
    if known is None and retires is None:
        return None
    return replace(known or ModelInfo(model), id=model, deprecated=retires is not None, retires=retires)


def from_api(model: str, answer: object) -> ModelInfo | None:
    """What the Models API says about `model`, its gaps filled from the table; None if it says nothing."""
    full_id = answer.get("id") if isinstance(answer, Mapping) else None
    if not isinstance(answer, Mapping) or not isinstance(full_id, str):
        return None
    shipped = from_table(model) or from_table(full_id) or ModelInfo(model)
    lifecycle = answer.get("lifecycle")
    retires_at = answer.get("retires_at")
    return ModelInfo(
        id=model,
        context_tokens=_positive(answer.get("max_input_tokens")) or shipped.context_tokens,
        output_tokens=_positive(answer.get("max_tokens")) or shipped.output_tokens,
        efforts=_efforts(answer.get("capabilities"), shipped),
        deprecated=lifecycle in ("deprecated", "retired") if lifecycle else shipped.deprecated,
        retires=retires_at[:10] if isinstance(retires_at, str) else shipped.retires,
    )


async def check(sdk: AsyncAnthropic, model: str, *, timeout_s: float) -> ModelInfo | None:
    """What `model` can do, or None where nobody knows; one warning each if it is unchecked or ends soon.

    Raises ClaudeKeyRefused, and ClaudeModelUnknown with near matches if the server lists its models and this
    one is not among them. Everything else that may go wrong is no reason not to start: a server that speaks
    the Messages API alone answers questions about models with anything.
    """
    try:
        with translated():
            async with asyncio.timeout(timeout_s):
                info = await _ask(sdk, model)
    except (ClaudeKeyRefused, ClaudeModelUnknown):
        raise
    except ClaudeError as error:
        log.warning("model_unchecked", model=model, reason=str(error), error=type(error).__name__)
        info = from_table(model)
    else:
        if info is None:
            log.warning("model_unchecked", model=model, reason="no usable Models API")
            info = from_table(model)
    if info is not None and info.deprecated:
        log.warning("model_deprecated", model=model, retires=info.retires)
    return info


async def _ask(sdk: AsyncAnthropic, model: str) -> ModelInfo | None:
    try:
        with translated():
            answer = await sdk.models.with_raw_response.retrieve(model)
            return from_api(model, json.loads(await answer.text()))
    except ClaudeModelUnknown as error:
        listed = await _listed(sdk)
        if not listed or model in listed:
            return None
        near = get_close_matches(model, listed, n=3, cutoff=0.5) or listed[:3]
        line = f"no model is called {model!r}; near: {', '.join(near)}"
        raise ClaudeModelUnknown(line, request_id=error.request_id) from error


async def _listed(sdk: AsyncAnthropic) -> list[str]:
    try:
        with translated():
            answer = await sdk.models.with_raw_response.list(limit=LIST_LIMIT)
            body = json.loads(await answer.text())
    except ClaudeModelUnknown:
        return []
    data = body.get("data") if isinstance(body, dict) else None
    entries = data if isinstance(data, list) else []
    ids = [entry.get("id") for entry in entries if isinstance(entry, dict)]
    return [id_ for id_ in ids if isinstance(id_, str)]


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _efforts(capabilities: object, shipped: ModelInfo) -> tuple[Effort, ...]:
    effort = capabilities.get("effort") if isinstance(capabilities, Mapping) else None
    if not isinstance(effort, Mapping):
        return shipped.efforts
    if effort.get("supported") is False:
        return ()
    return tuple(level for level in _EFFORTS if _supported(effort.get(level)))


def _supported(capability: object) -> bool:
    return isinstance(capability, Mapping) and capability.get("supported") is True
