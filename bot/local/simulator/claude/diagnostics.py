"""Why a request could not reuse the cached prompt of an earlier one, as `diagnostics` reports it."""

from __future__ import annotations

from typing import Any

from .prompt import Block, Body, Prompt, Scope

ORDER: tuple[tuple[Scope, str], ...] = (
    ("tools", "tools_changed"),
    ("system", "system_changed"),
    ("messages", "messages_changed"),
)

# Fingerprints of earlier requests are kept for a limited time; here, for a limited number.
MAX_FINGERPRINTS = 1000


class Fingerprints:
    """The prompts of the latest requests that asked for a diagnosis, by the ids of their messages."""

    def __init__(self) -> None:
        self._prompts: dict[str, Prompt] = {}

    def diagnose(self, body: Body, prompt: Prompt, message_id: str) -> dict[str, Any] | None:
        """The `diagnostics` of a message, where its request asks for them."""
        asked = body.get("diagnostics")
        if asked is None:
            return None
        reason = None
        if previous_id := asked.get("previous_message_id"):
            reason = miss_reason(self._prompts.get(previous_id), prompt)
        self._prompts[message_id] = prompt
        if len(self._prompts) > MAX_FINGERPRINTS:
            del self._prompts[next(iter(self._prompts))]
        return {"cache_miss_reason": reason} if reason else None


def miss_reason(previous: Prompt | None, current: Prompt) -> dict[str, Any] | None:
    """The first difference that matters, or None when the earlier prompt is a prefix of this one.

    `cache_missed_input_tokens` is what the earlier prompt holds beyond the common prefix.
    """
    if previous is None:
        return {"type": "previous_message_not_found"}
    missed = _tokens(previous.blocks) - _tokens(_common(previous.blocks, current.blocks))
    if (previous.model, previous.speed) != (current.model, current.speed):
        return {"type": "model_changed", "cache_missed_input_tokens": missed}
    for scope, reason in ORDER:
        old, new = _of(previous, scope), _of(current, scope)
        if scope == "messages":
            if previous.settings != current.settings:
                return {"type": "unavailable"}
            new = new[: len(old)]
        if old != new:
            return {"type": reason, "cache_missed_input_tokens": missed}
    return None


def _of(prompt: Prompt, scope: Scope) -> list[str]:
    return [block.prefix for block in prompt.blocks if block.scope == scope]


def _common(left: tuple[Block, ...], right: tuple[Block, ...]) -> tuple[Block, ...]:
    same = 0
    for one, other in zip(left, right, strict=False):
        if one.prefix != other.prefix:
            break
        same += 1
    return left[:same]


def _tokens(blocks: tuple[Block, ...]) -> int:
    return blocks[-1].tokens if blocks else 0
