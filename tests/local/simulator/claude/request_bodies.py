"""Bodies of requests, and the first thing that is wrong with one."""

from __future__ import annotations

from typing import Any

from bot.local.simulator.claude.catalogue import Model
from bot.local.simulator.claude.failures import Failure
from bot.local.simulator.claude.prompt import Body
from bot.local.simulator.claude.rules import check_rules, resolve
from bot.local.simulator.claude.shape import check_shape

EPHEMERAL = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
TOOL = {"name": "look", "input_schema": {"type": "object"}}


def text(words: str, control: dict[str, str] | None = None) -> Body:
    return {"type": "text", "text": words, **({"cache_control": control} if control else {})}


def user(content: Any) -> Body:
    return {"role": "user", "content": content}


def assistant(content: Any) -> Body:
    return {"role": "assistant", "content": content}


def call(name: str) -> Body:
    return {"type": "tool_use", "id": name, "name": "look", "input": {}}


def result(name: str) -> Body:
    return {"type": "tool_result", "tool_use_id": name, "content": "seen"}


def refusal(*, sampling: bool = False, **fields: Any) -> Failure | None:
    """The first thing wrong with a request; without fields, it is a good one."""
    body: Body = {"model": "claude-sonnet-5-5", "max_tokens": 100, "messages": [user("hello")], **fields}
    body = {name: value for name, value in body.items() if value is not ...}
    if failure := check_shape(body, sampling=sampling):
        return failure
    model = resolve(body)
    return check_rules(body, model) if isinstance(model, Model) else model
