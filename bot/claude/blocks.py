"""The content blocks of one reply, built from the events of the raw stream: pure.

Each block is kept exactly as it came. Within a turn the API accepts a block only unchanged: thinking carries a
signature, results of server tools carry encrypted content.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.conversation.content import Block, Opaque, Text, ToolUse
from bot.conversation.surrogates import whole, whole_json
from bot.conversation.visible import is_blank

# Anthropic, "Streaming messages": what each delta holds, and the field of the block that it extends.
_PIECES = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "signature_delta": ("signature", "signature"),
    "input_json_delta": ("partial_json", "input"),
}


@dataclass(slots=True)
class _Partial:
    """A block under way: its fields at its start, and the pieces of text that extend them."""

    fields: Mapping[str, Any]
    pieces: dict[str, list[str]] = field(default_factory=dict)
    citations: list[Any] = field(default_factory=list)

    def extend(self, name: str, piece: str) -> None:
        self.pieces.setdefault(name, []).append(piece)

    def block(self) -> Block | None:
        """Return the block; None if the API would refuse it: blank text, or a server's call whose input broke off."""
        fields = dict(self.fields)
        for name, pieces in self.pieces.items():
            if name != "input":
                start = fields.get(name)
                fields[name] = whole((start if isinstance(start, str) else "") + "".join(pieces))
        if "input" in self.pieces and (text := "".join(self.pieces["input"])):
            fields["input"] = _read(text)
        if self.citations:
            cited = fields.get("citations")
            fields["citations"] = [*(cited if isinstance(cited, list) else ()), *self.citations]
        match fields:
            case {"type": "text", "citations": [_, *_]}:
                return _opaque(fields)
            case {"type": "text", "text": str(text)}:
                return None if is_blank(text) else Text(whole(text))
            case {"type": "tool_use", "id": str(call), "name": str(name)}:
                given, caller = fields.get("input"), fields.get("caller")
                is_broken = not isinstance(given, dict)
                text = "{}" if is_broken else _json(given)
                return ToolUse(call, name, text, caller=_json(caller) if caller else "", is_broken=is_broken)
            case {"type": "server_tool_use", "input": None}:
                return None
            case {"type": str(kind)} if kind not in ("text", "tool_use"):
                return _opaque(fields)
        return None

    def call(self) -> ToolUse | None:
        """Return the call that this block is, one of the server's tools too; None for other blocks."""
        if not str(self.fields.get("type")).endswith("tool_use"):
            return None
        given = _read("".join(self.pieces.get("input", ()))) or self.fields.get("input")
        name, call = self.fields.get("name"), self.fields.get("id")
        if not (isinstance(given, dict) and isinstance(name, str) and isinstance(call, str)):
            return None
        return ToolUse(call, name, _json(given))


class Blocks:
    """The blocks of one reply, in the order of their starts; a delta without a start begins a block of text."""

    def __init__(self) -> None:
        self._partials: list[_Partial] = []
        self._at: dict[int | None, _Partial] = {}

    def start(self, index: object, block: Mapping[str, Any]) -> None:
        """Begin a block; the text of a text block is added by `add_text`."""
        fields = {**block, "text": ""} if block.get("type") == "text" else block
        partial = _Partial(fields)
        self._partials.append(partial)
        self._at[_key(index)] = partial

    def add(self, index: object, delta: Mapping[str, Any]) -> None:
        """Extend a block by a delta; unknown deltas are left out."""
        source, name = _PIECES.get(str(delta.get("type")), ("", ""))
        if delta.get("type") == "citations_delta":
            self._of(index).citations.append(delta.get("citation"))
        elif isinstance(piece := delta.get(source), str):
            self._of(index).extend(name, piece)

    def add_text(self, index: object, text: str) -> None:
        """Extend a text block."""
        if text:
            self._of(index).extend("text", text)

    def calls_at(self, index: object) -> Iterator[ToolUse]:
        """Yield the call that a block is, one of the server's tools too; nothing for other blocks."""
        partial = self._at.get(_key(index))
        if partial is not None and (call := partial.call()) is not None:
            yield call

    def citations_at(self, index: object) -> list[Any]:
        """Return the citations of a block."""
        partial = self._at.get(_key(index))
        if partial is None:
            return []
        given = partial.fields.get("citations")
        return [*(given if isinstance(given, list) else ()), *partial.citations]

    def finished(self) -> tuple[Block, ...]:
        """Return the blocks."""
        blocks = (partial.block() for partial in self._partials)
        return tuple(block for block in blocks if block is not None)

    def _of(self, index: object) -> _Partial:
        if (key := _key(index)) not in self._at:
            self.start(index, {"type": "text"})
        return self._at[key]


def _read(text: str) -> object:
    """Read the input of a call; None if it broke off, or is no JSON object."""
    try:
        found = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    """Read a number; ValueError for one that only an infinity could stand for, which is not JSON."""
    if not math.isfinite(number := float(text)):
        raise ValueError("too large a number")
    return number


def _opaque(fields: Mapping[str, Any]) -> Opaque:
    return Opaque(_json(fields))


def _json(value: object) -> str:
    return whole_json(json.dumps(value))


def _key(index: object) -> int | None:
    return index if isinstance(index, int) else None
