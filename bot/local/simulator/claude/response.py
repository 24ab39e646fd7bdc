"""The blocks of one response, as they are sent. Values only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .steps import Interruption, Json
from .text import joined


@dataclass(frozen=True, slots=True)
class Part:
    """A block as an unstreamed answer has it; in a stream it begins as `start` and grows by `deltas`.

    `pauses_s` are the seconds before the first deltas in place of the server's pace.
    """

    block: Json
    start: Json
    deltas: tuple[Json, ...] = ()
    pauses_s: tuple[float, ...] = ()

    def pause_s(self, delta: int) -> float | None:
        """The seconds before a delta, None for the server's pace."""
        return self.pauses_s[delta] if delta < len(self.pauses_s) else None


@dataclass(frozen=True, slots=True)
class Silence:
    """Seconds in which a server tool runs and nothing is sent."""

    seconds: float


Item = Part | Silence | Interruption


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent. `rounds` are the blocks before which the model read its prompt again, after server results."""

    items: tuple[Item, ...]
    stop_reason: str
    stop_sequence: str | None = None
    stop_details: Json | None = None
    thinking_tokens: int = 0
    output_tokens: int = 0
    rounds: tuple[int, ...] = (0,)
    container: Json | None = None
    server_tool_use: Json | None = None
    pause_s: float | None = None
    slowness: float = 1.0

    def content(self) -> list[Json]:
        """The content blocks."""
        return [item.block for item in self.items if isinstance(item, Part)]

    @property
    def text(self) -> str:
        """The text of all text blocks."""
        return "".join(block["text"] for block in self.content() if block["type"] == "text")

    @property
    def text_deltas(self) -> int:
        """The number of text deltas."""
        parts = [item for item in self.items if isinstance(item, Part)]
        return sum(delta["type"] == "text_delta" for part in parts for delta in part.deltas)


def shortened(response: Response, text_deltas: int) -> Response:
    """The response up to so many text deltas."""
    kept: list[Item] = []
    for item in response.items:
        if text_deltas <= 0:
            break
        if isinstance(item, Part) and item.block["type"] == "text":
            sent = item.deltas[:text_deltas]
            text_deltas -= len(sent)
            text = joined(delta["text"] for delta in sent if "text" in delta)
            kept.append(Part({**item.block, "text": text, "citations": None}, item.start, sent))
        else:
            kept.append(item)
    return replace(response, items=tuple(kept))
