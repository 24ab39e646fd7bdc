"""One reply, built from the events of the raw stream: pure.

The events are plain JSON, not the SDK's models: an unknown event, block or delta needs no special case, and a field
that another server omits or sends as null counts as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.claude.blocks import Blocks
from bot.conversation.citations import WebSource, cited_sources, named
from bot.conversation.content import ToolUse
from bot.conversation.paragraph import as_paragraph
from bot.conversation.request import Finished, Usage
from bot.conversation.server_calls import fetched_pages
from bot.conversation.surrogates import Joiner, whole

if TYPE_CHECKING:
    from bot.conversation.request import Lifetime


_OF_TOOLS = ("tool_use", "tool_result")
"""The types of calls and results end so, also those of the server's tools."""


class Reply:
    """The state of one reply; cache writes without a lifetime of their own count as `written`.

    `started` is the input usage once the server has reported it; `begun` are the blocks that are no text, each by its
    type, or of a call by the name of the tool; `called` are the calls that are complete, `cited` the pages of each
    text with citations that is complete. Texts with a call between them are paragraphs of their own.
    `runs_tool`: a server tool was called, and its result has not come yet.
    """

    def __init__(self, written: Lifetime | None = None) -> None:
        self._written = written
        self._blocks = Blocks()
        self._other_blocks: list[object] = []
        self._text_index: object = None
        self._counts: dict[str, int] = {}
        self._labels: dict[str, str] = {}
        self._stop_reason: str | None = None
        self._refusal_category: str | None = None
        self._model = ""
        self._message_id = ""
        self._joiner = Joiner()
        self.started: Usage | None = None
        self.stopped = False
        self.begun: list[str] = []
        self.called: list[ToolUse] = []
        self.cited: list[tuple[WebSource, ...]] = []
        self._ending = ""
        self._is_parted = False
        self._container: str | None = None
        self.runs_tool = False
        self._latest_kind: object = None

    def feed(self, event: Mapping[str, Any]) -> str:
        """Process one event and return the text that it adds to the reply."""
        match event.get("type"):
            case "message_start":
                message = _mapping(event.get("message"))
                self._model = _string(message.get("model")) or ""
                self._message_id = _string(message.get("id")) or ""
                self._count(message.get("usage"))
                # The output count of this event is preliminary.
                read = replace(self._usage(), output=0, thinking=0)
                self.started = read if read.input_total else None
            case "content_block_start":
                block = _mapping(event.get("content_block"))
                self._latest_kind, self.runs_tool = block.get("type"), False
                self._blocks.start(event.get("index"), block)
                if block.get("type") == "text":
                    return self._joined(event.get("index"), block.get("text"))
                self.begun.append(_string(block.get("name")) or _string(block.get("type")) or "")
                self._other_blocks.append(event.get("index"))
                if str(block.get("type")).endswith(_OF_TOOLS):
                    self._is_parted = bool(self._ending)
            case "content_block_delta":
                delta = _mapping(event.get("delta"))
                if delta.get("type") == "text_delta" and event.get("index") not in self._other_blocks:
                    return self._joined(event.get("index"), delta.get("text"))
                self._blocks.add(event.get("index"), delta)
            case "content_block_stop" if event.get("index") not in self._other_blocks:
                if sources := cited_sources(self._blocks.citations_at(event.get("index"))):
                    self.cited.append(self._named(sources))
                return self._ended_text()
            case "content_block_stop":
                self.called.extend(self._blocks.calls_at(event.get("index")))
                self.runs_tool = self._latest_kind == "server_tool_use"
            case "message_delta":
                delta = _mapping(event.get("delta"))
                self._container = _string(_mapping(delta.get("container")).get("id")) or self._container
                self._stop_reason = _string(delta.get("stop_reason")) or self._stop_reason
                category = _string(_mapping(delta.get("stop_details")).get("category"))
                self._refusal_category = category or self._refusal_category
                self._count(event.get("usage"))
            case "message_stop":
                self.stopped = True
                return self._ended_text()  # some servers do not end their blocks
        return ""

    def finished(self, request_id: str | None) -> Finished | None:
        """Return the end of the reply, None if it broke off: without `message_stop`, or without a stop reason."""
        if not self.stopped or self._stop_reason is None:
            return None
        return Finished(
            stop_reason=self._stop_reason,
            usage=self._usage(),
            model=self._model,
            message_id=self._message_id,
            request_id=request_id,
            refusal_category=self._refusal_category,
            blocks=self._blocks.finished(),
            container=self._container,
        )

    def _named(self, sources: tuple[WebSource, ...]) -> tuple[WebSource, ...]:
        """Return sources with the addresses of the pages that this reply has fetched."""
        if all(source.url for source in sources):
            return sources
        pages = fetched_pages(self._blocks.finished())
        return tuple(named(source, pages) for source in sources)

    def _joined(self, index: object, piece: object) -> str:
        return self._text(index, self._joiner.join(piece)) if isinstance(piece, str) else ""

    def _ended_text(self) -> str:
        return self._text(self._text_index, self._joiner.end())

    def _text(self, index: object, text: str) -> str:
        self._text_index = index
        self._blocks.add_text(index, text)
        if self._is_parted:
            text = as_paragraph(self._ending, text)
        if text:
            self._ending, self._is_parted = (self._ending + text)[-2:], False
        return text

    def _count(self, usage: object) -> None:
        # Counts are cumulative, so the highest value is right, whichever event contains it: some servers report the
        # input only at the end and send 0 at the start, others the reverse.
        counts = _mapping(usage)
        details = _mapping(counts.get("output_tokens_details"))
        tools = _mapping(counts.get("server_tool_use"))
        for source in (counts, _mapping(counts.get("cache_creation")), details, tools):
            for name, value in source.items():
                if isinstance(value, int) and not isinstance(value, bool):
                    self._counts[name] = max(value, self._counts.get(name, 0))
        for name in ("service_tier", "inference_geo"):
            self._labels[name] = _string(counts.get(name)) or self._labels.get(name, "")

    def _usage(self) -> Usage:
        count = self._counts.get
        written_5m = count("ephemeral_5m_input_tokens", 0)
        written_1h = count("ephemeral_1h_input_tokens", 0)
        unexplained = max(0, count("cache_creation_input_tokens", 0) - written_5m - written_1h)
        return Usage(
            input=count("input_tokens", 0),
            cache_write_5m=written_5m + (unexplained if self._written != "1h" else 0),
            cache_write_1h=written_1h + (unexplained if self._written == "1h" else 0),
            cache_read=count("cache_read_input_tokens", 0),
            output=count("output_tokens", 0),
            thinking=count("thinking_tokens", 0),
            web_searches=count("web_search_requests", 0),
            service_tier=self._labels.get("service_tier", ""),
            inference_geo=self._labels.get("inference_geo", ""),
        )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: object) -> str | None:
    return whole(value) if isinstance(value, str) else None
