"""A tool: what Claude is told of it, who may see its result, what it may do, and the function that runs it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from bot.conversation.content import Document, Image, Text
from bot.conversation.errors import BobbinError
from bot.conversation.tool_definition import ToolDefinition

TIME_LIMIT_S = 20.0


class Audience(StrEnum):
    """Who may see what a tool brings."""

    THREAD = "thread"  # everybody in the thread
    ASKER = "asker"  # the person who asks alone: calls in servers are refused


class ToolFailed(BobbinError):
    """A tool has failed; the text is for Claude and holds nothing that its reader may not see."""


@dataclass(frozen=True, slots=True)
class ToolPlace:
    """Where a turn runs: the `conversation` is the thread, or the channel of direct messages."""

    conversation: int
    channel: int | None = None
    server: int | None = None
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class ToolContext:
    """For whom and where a call is made.

    `key` names the effect of the call: an attempt after a crash has the same. `asker` is the person whose message is
    answered, `roles` are theirs. `others` are the roles of each further person whose message the same turn answers:
    nobody can tell which of them wants the call. `settled` is what the tool has settled when a call began to wait for
    a permission.
    """

    place: ToolPlace
    asker: int
    key: str
    turn: int
    roles: frozenset[int] = frozenset()
    others: tuple[frozenset[int], ...] = ()
    settled: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a tool brings: blocks for Claude, the addresses of its sources, and what it says to the person alone."""

    content: tuple[Text | Image | Document, ...]
    sources: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str, *sources: str) -> ToolOutput:
        """Make an output of a text."""
        return cls((Text(text),) if text.strip() else (), sources)


IsForgotten = Callable[[int, int], Awaitable[bool]]
"""Says whether a person was, or is being, forgotten with a message."""


async def nobody_is_forgotten(_person: int, _message: int) -> bool:
    """Return False."""
    return False


Run = Callable[[ToolContext, Mapping[str, Any]], Awaitable[ToolOutput]]
"""Runs a call; the arguments are JSON as Claude wrote it, not checked. Raises ToolFailed."""


Settle = Callable[[ToolContext, Mapping[str, Any]], Awaitable[Mapping[str, str]]]
"""Returns what is settled when a call begins to wait: its card shows it beside the arguments, and the call that is
allowed gets it. Raises ToolFailed where the call could not be made: then it does not wait."""


@dataclass(frozen=True)
class Tool:
    """A tool that runs here.

    `schema` is the JSON schema of its arguments. A tool that `changes` something has an effect that others see, which
    must not be made twice: it runs once for each key of its context, unless it `repeats` safely with the same key. If
    it `asks`, each call waits until somebody allows it, unless the settings of the place say otherwise; `settles` is
    asked first. A `personal` tool acts for the one person who asks. `status` is the line that people see
    meanwhile. `time_limit_s` bounds a call.
    """

    name: str
    description: str
    schema: Mapping[str, Any] = field(hash=False)
    run: Run
    status: str
    changes: bool = False
    repeats: bool = False
    asks: bool = False
    personal: bool = False
    settles: Settle | None = None
    audience: Audience = Audience.THREAD
    time_limit_s: float = TIME_LIMIT_S

    @cached_property
    def definition(self) -> ToolDefinition:
        """The definition as a part of a request, made once: each request needs those of all tools."""
        definition = {"name": self.name, "description": self.description, "input_schema": self.schema}
        return ToolDefinition(self.name, json.dumps(definition, sort_keys=True))
