"""What Claude is asked, and what comes back, in our own values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["user", "assistant"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One entry of the request's `messages`; each of `blocks` is one non-blank text block, sent as it is."""

    role: Role
    blocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the Messages API; `max_tokens` bounds the reply, thinking included.

    `system` holds the text blocks of the system prompt. `effort` is None where the model knows none.
    `user_key` is an opaque name for the person asking (metadata.user_id), never a Discord id or name.
    """

    model: str
    max_tokens: int
    effort: Effort | None
    system: tuple[str, ...]
    messages: tuple[PromptMessage, ...]
    user_key: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request as the API counted them (facts of `usage`, absent or null fields are 0).

    The whole input is `input + cache_write_5m + cache_write_1h + cache_read`; `output` includes `thinking`.
    """

    input: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    output: int = 0
    thinking: int = 0

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
    """The API was busy or out of reach; it is asked again in `seconds`."""

    seconds: float
    attempt: int


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


StreamEvent = TextDelta | Thinking | Waiting | Finished
