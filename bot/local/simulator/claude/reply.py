"""The reply of a model: thinking, text in deltas, stop reason. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from .catalogue import Model
from .prompt import Body, effort_level, thinking_type
from .signatures import sign
from .tokens import count_text

# Real deltas hold a few tokens and end anywhere, also within a word or a fence.
LONGEST_DELTA_CHARACTERS = 24
# Thinking tokens of one reply, by effort; none at low effort.
THINKING_TOKENS = {"medium": 60, "high": 120, "xhigh": 240, "max": 480}


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply as it will be sent.

    `thinking` is None where the model does not think, as always without `thinks`, and "" where its thinking is
    omitted. `pause_s` is
    waited before each delta in place of the server's pace; `slowness` multiplies that pace. `stop_details`
    goes with a refusal. `opening` are the blocks in front, results of server tools, and `closing` those behind the
    text, calls of server tools.
    """

    deltas: tuple[str, ...]
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None
    stop_details: dict[str, Any] | None = None
    thinks: bool = True
    thinking: str | None = None
    signature: str = ""
    thinking_tokens: int = 0
    text_tokens: int | None = None
    pause_s: float | None = None
    slowness: float = 1.0
    opening: tuple[dict[str, Any], ...] = ()
    closing: tuple[dict[str, Any], ...] = ()

    @property
    def text_index(self) -> int:
        """The index of the text block."""
        return len(self.opening) + (self.thinking is not None)

    @property
    def text(self) -> str:
        """The whole text; a pair of surrogates that two deltas share is one character of it."""
        joined = "".join(self.deltas)
        return joined.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")

    def content(self) -> list[dict[str, Any]]:
        """The content blocks of an unstreamed answer."""
        blocks: list[dict[str, Any]] = [*self.opening]
        if self.thinking is not None:
            blocks.append({"type": "thinking", "thinking": self.thinking, "signature": self.signature})
        if self.text:
            blocks.append({"type": "text", "text": self.text, "citations": None})
        return [*blocks, *self.closing]


def cut(text: str) -> tuple[str, ...]:
    """The text in deltas of arbitrary size, always the same for the same text."""
    lengths = random.Random(text)
    deltas = []
    at = 0
    while at < len(text):
        length = lengths.randint(1, LONGEST_DELTA_CHARACTERS)
        deltas.append(text[at : at + length])
        at += length
    return tuple(deltas)


def finish(reply: Reply, body: Body, model: Model) -> Reply:
    """The reply to one request: with its thinking, ended at a stop sequence, within `max_tokens`."""
    limit = body["max_tokens"]
    reply = _stopped(_thought(reply, body, model), body.get("stop_sequences") or [])
    if limit == 0:
        # A request for no token only fills the cache.
        nothing = replace(reply, deltas=(), opening=(), closing=(), thinking=None)
        return replace(nothing, thinking_tokens=0, text_tokens=0, stop_reason="max_tokens")
    if reply.thinking_tokens >= limit:
        # All of the limit went into thinking, as happens with small limits.
        thought = replace(reply, deltas=(), closing=(), thinking_tokens=limit)
        return replace(thought, text_tokens=0, stop_reason="max_tokens")
    text_tokens = count_text(reply.text, model.tokenizer)
    if reply.thinking_tokens + text_tokens <= limit:
        return replace(reply, text_tokens=text_tokens)
    deltas = _within(reply.deltas, limit - reply.thinking_tokens, model)
    return replace(
        reply,
        deltas=deltas,
        closing=(),
        text_tokens=limit - reply.thinking_tokens,
        stop_reason="max_tokens",
        stop_sequence=None,
        stop_details=None,
    )


def _thought(reply: Reply, body: Body, model: Model) -> Reply:
    kind = thinking_type(body, model)
    effort = effort_level(body, model) or "medium"
    asked = kind == "enabled" or (kind == "adaptive" and effort in THINKING_TOKENS)
    if not asked or not reply.thinks:
        return reply
    tokens = THINKING_TOKENS.get(effort, THINKING_TOKENS["medium"]) + len(reply.text) % 40
    display = (body.get("thinking") or {}).get("display") or model.thinking.display
    thinking = "" if display == "omitted" else "The question is clear. I weigh what was said and answer it."
    if reply.opening:
        opening = {"role": "assistant", "content": list(reply.opening)}
        body = {**body, "messages": [*body["messages"], opening]}
    return replace(reply, thinking=thinking, thinking_tokens=tokens, signature=sign(body, model, thinking))


def _stopped(reply: Reply, sequences: list[str]) -> Reply:
    found = [(at, sequence) for sequence in sequences if (at := reply.text.find(sequence)) >= 0]
    if not found:
        return reply
    at, sequence = min(found)
    return replace(
        reply, deltas=_first(reply.deltas, at), stop_reason="stop_sequence", stop_sequence=sequence
    )


def _within(deltas: tuple[str, ...], tokens: int, model: Model) -> tuple[str, ...]:
    """As much of the text as `tokens` tokens hold."""
    text = "".join(deltas)
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if count_text(text[:middle], model.tokenizer) <= tokens:
            low = middle
        else:
            high = middle - 1
    return _first(deltas, low)


def _first(deltas: tuple[str, ...], characters: int) -> tuple[str, ...]:
    """The deltas that hold the first characters of the text; the last of them may be shortened."""
    kept = []
    for delta in deltas:
        if characters <= 0:
            break
        kept.append(delta[:characters])
        characters -= len(delta)
    return tuple(kept)
