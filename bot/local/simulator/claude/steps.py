"""The steps of a scripted reply: what the model says and calls, in order. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from .faults import CutShort, Drop, ErrorEvent
from .gate import Gate

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """A text block in deltas; each of the `citations` comes as a `citations_delta` behind them.

    `pauses_s` are the seconds before each delta in place of the server's pace; deltas beyond them have that pace.
    """

    deltas: tuple[str, ...]
    citations: tuple[Json, ...] = ()
    pauses_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Thinking:
    """A thinking block; models and requests without thinking skip the step."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A call of a client tool; the request need not have the tool.

    `partial_json` is the exact JSON text of the input in the stream, which may be invalid. Without an `id`, each call
    gets a new one.
    """

    name: str
    input: Json = field(default_factory=dict)
    partial_json: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file that code in the container makes."""

    filename: str
    mime_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """A page that web search finds, or that web fetch reads."""

    url: str
    title: str
    text: str = ""
    page_age: str | None = None


ServerTool = Literal["web_search", "web_fetch", "bash_code_execution", "text_editor_code_execution"]


@dataclass(frozen=True, slots=True)
class ServerToolUse:
    """A call of a server tool, and what becomes of it: pages, the output of code with its files, or an `error`.

    Nothing is sent for `silence_s` seconds, nor before the `gate` is released, between the call and its result.
    With `later`, the result opens the next response: the model pauses, or calls a client tool at the same time.
    """

    name: ServerTool
    input: Json
    pages: tuple[Page, ...] = ()
    output: Json | None = None
    files: tuple[MadeFile, ...] = ()
    error: str | None = None
    later: bool = False
    silence_s: float = 0.0
    gate: Gate | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """Any block, sent in one piece; for block types that no client knows."""

    block: Json


# A fault or a gate between two steps; behind a block, a fault strikes before the block's end.
Interruption = Gate | ErrorEvent | Drop | CutShort
Step = Text | Thinking | ToolUse | ServerToolUse | Raw | Interruption
