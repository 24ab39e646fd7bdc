"""What Claude is asked, and what comes back, in our own values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.conversation.content import Block, Text

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
    """Where the prompt cache may begin anew: after the system prompt, and after some of the messages.

    `messages` pairs the index of a message with the lifetime of the mark on its last block, in order. No mark of
    an hour may stand behind one of five minutes, and no more than four marks in all (Anthropic, "Prompt caching").
    """

    system: Lifetime
    messages: tuple[tuple[int, Lifetime], ...]

    @property
    def newest(self) -> Lifetime:
        """The lifetime of what is written last."""
        return self.messages[-1][1] if self.messages else self.system


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the Messages API; `max_tokens` bounds the reply, thinking included.

    `system` holds the text blocks of the system prompt. `effort` is None where the model knows none, `thinking`
    where the model's own default is to count.
    `user_key` is an opaque name for the person asking (metadata.user_id), never a Discord id or name. Without
    `breakpoints` nothing is cached.
    """

    model: str
    max_tokens: int
    effort: Effort | None
    system: tuple[str, ...]
    messages: tuple[PromptMessage, ...]
    user_key: str | None = None
    breakpoints: Breakpoints | None = None
    thinking: ThinkingType | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request as the API counted them (facts of `usage`, absent or null fields are 0).

    The whole input is `input + cache_write_5m + cache_write_1h + cache_read`; `output` includes `thinking`.
    `service_tier` and `inference_geo` are what the API says of them, which the price may depend on.
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
        """Every token that was read, at whatever price."""
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A further piece of the reply's text, cut anywhere."""

    text: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The API was busy or out of reach; it is asked again in `seconds`.

    `lost` if the try may have used something although nobody will tell of it: it was taken, and then broke off.
    """

    seconds: float
    attempt: int
    lost: bool = False


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """The wait is over: the request is sent again."""


@dataclass(frozen=True, slots=True)
class Started:
    """The API has begun to answer and tells what it has read; `usage` lacks what is going to be written."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Thinking:
    """The model has begun to think; what it thinks is not told."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The stream ended with `message_stop`; `stop_reason` as the API names it, unknown values included."""

    stop_reason: str
    usage: Usage
    model: str
    message_id: str
    request_id: str | None = None
    refusal_category: str | None = None


StreamEvent = Started | TextDelta | Thinking | Waiting | AskedAgain | Finished
