"""Requests to Claude and the events of a reply, as values of our own."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.conversation.citations import WebSource
from bot.conversation.content import Block, Text, ToolResult, ToolUse
from bot.conversation.tool_definition import ToolDefinition

Role = Literal["user", "assistant"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
ThinkingType = Literal["adaptive", "disabled", "between_tools", "enabled"]
Lifetime = Literal["5m", "1h"]


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One entry of the request's `messages`; its blocks are sent as they are."""

    role: Role
    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, role: Role, *texts: str) -> PromptMessage:
        """Make a message of text blocks."""
        return cls(role, tuple(map(Text, texts)))


@dataclass(frozen=True, slots=True)
class Breakpoints:
    """The cache breakpoints: after the system prompt, and after some of the messages.

    `messages` pairs the index of a message with the lifetime of the breakpoint on its last block, in order. A
    breakpoint of an hour may not follow one of five minutes; there are four at most (Anthropic, "Prompt caching").
    """

    system: Lifetime
    messages: tuple[tuple[int, Lifetime], ...]

    @property
    def newest(self) -> Lifetime:
        """The lifetime of the last breakpoint."""
        return self.messages[-1][1] if self.messages else self.system

    def following(self, index: int) -> Breakpoints:
        """Return the breakpoints of a later request of the same turn, whose last message has this index.

        The one before stays, because a breakpoint looks back over 20 blocks only. Five minutes are enough: the
        messages that follow within a turn are not sent again after it.
        """
        return Breakpoints(self.system, (*self.messages[-2:], (index, "5m")))


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of the model; they pass unchanged from the operator's settings to the Messages API.

    `max_tokens` bounds the reply, thinking included. `effort` is None if the model has no effort levels, `thinking`
    is None for the model's default. `tools` are what the model may call, in the order in which they are sent.
    """

    model: str
    max_tokens: int
    effort: Effort | None = None
    thinking: ThinkingType | None = None
    tools: tuple[ToolDefinition, ...] = ()

    @property
    def cache_key(self) -> str:
        """What the cache compares besides the text of a request."""
        key = f"{self.model} {self.effort} {self.thinking}"
        if not self.tools:
            return key
        tools = "\0".join(tool.json for tool in self.tools)
        return f"{key} {hashlib.sha256(tools.encode()).hexdigest()[:16]}"

    def without(self, names: Collection[str]) -> Parameters:
        """Return the parameters without the tools of these names."""
        return replace(self, tools=tuple(tool for tool in self.tools if tool.name not in names))


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the Messages API.

    `system` holds the text blocks of the system prompt. `user_key` is an opaque name for the person who asks
    (metadata.user_id), never a Discord id or name. Without `breakpoints` nothing is cached. `inline` maps the digests
    of inline files to their bytes, as base64. `container` is where code of the turn's earlier requests has run.
    """

    parameters: Parameters
    system: tuple[str, ...]
    messages: tuple[PromptMessage, ...]
    user_key: str | None = None
    breakpoints: Breakpoints | None = None
    inline: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    container: str | None = None

    def after(self, end: Finished, results: Sequence[ToolResult | Text] = ()) -> Request | None:
        """Return the next request of the same turn, None if the reply has ended.

        A reply that paused, or that called tools, goes on when its content is sent again unchanged, of calls with
        their results (Anthropic, "Handling stop reasons"). The messages before stay as they are: thinking is valid
        only behind them.
        """
        if not end.blocks or not (
            end.stop_reason == "pause_turn" or (end.stop_reason == "tool_use" and results)
        ):
            return None
        said = PromptMessage("assistant", end.blocks)
        following = self.extended((said, PromptMessage("user", tuple(results))) if results else (said,))
        return replace(following, container=end.container or self.container)

    def extended(self, messages: Sequence[PromptMessage]) -> Request:
        """Return the request with messages that were exchanged in the same turn; those of one role become one."""
        if not messages:
            return self
        joined = list(self.messages)
        for message in messages:
            if joined and joined[-1].role == message.role:  # the reply was paused before
                joined[-1] = replace(joined[-1], blocks=(*joined[-1].blocks, *message.blocks))
            else:
                joined.append(message)
        breakpoints, last = self.breakpoints, len(joined) - 1
        if breakpoints is not None and joined[last].role == "user":
            breakpoints = breakpoints.following(last)
        return replace(self, messages=tuple(joined), breakpoints=breakpoints)


@dataclass(frozen=True, slots=True)
class Usage:
    """The `usage` of one request in tokens; absent or null fields are 0.

    The whole input is `input + cache_write_5m + cache_write_1h + cache_read`; `output` includes `thinking`. The price
    may depend on `service_tier` and `inference_geo`.
    """

    input: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    output: int = 0
    thinking: int = 0
    web_searches: int = 0
    service_tier: str = ""
    inference_geo: str = ""

    @property
    def input_total(self) -> int:
        """All input tokens, cached or not."""
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the reply's text; it may end within a word or a cluster."""

    text: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The API was busy or unreachable; the request is sent again in `seconds`.

    `lost` if the attempt may be billed although no `usage` was received: the API accepted it and then broke off.
    `error` is the type of the error that ended the attempt.
    """

    seconds: float
    attempt: int
    lost: bool = False
    error: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Queued:
    """The request is sent after the `before` others that wait in front of it."""

    before: int


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """Another attempt at the request begins."""


@dataclass(frozen=True, slots=True)
class Started:
    """The stream has begun (`message_start`); `usage` has no output yet."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class BlockStarted:
    """The model has begun a block that is no text; `kind` is its type, or of a call the name of the tool."""

    kind: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The stream ended with `message_stop`; `stop_reason` as the API names it, unknown values included.

    `blocks` are those of the reply, as they came. They are sent again only within the turn: the history keeps text.
    `container` is where its code has run.
    """

    stop_reason: str
    usage: Usage
    model: str
    message_id: str
    request_id: str | None = None
    refusal_category: str | None = None
    blocks: tuple[Block, ...] = ()
    container: str | None = None


@dataclass(frozen=True, slots=True)
class Cited:
    """The text that has just come cites these pages."""

    sources: tuple[WebSource, ...]


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model has written a whole call; one of the server's tools too, which Anthropic answers."""

    call: ToolUse


StreamEvent = (
    Started | TextDelta | Cited | BlockStarted | ToolCalled | Queued | Waiting | NewAttempt | Finished
)
