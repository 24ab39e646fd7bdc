"""What the store holds of one turn, with filler in place of every text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from redis.asyncio import Redis

from bot.backup.backup import tag_of
from bot.conversation.errors import Unreadable
from bot.store.all_keys import keys_of_prefix
from bot.store.codec import load_turn
from bot.store.content import is_sealed
from bot.store.keys import Keys, padded
from bot.store.stored_keys import StoredKeys
from bot.support.filler import Filler

KEPT = frozenset(
    {
        "effort", "kind", "media_type", "model", "outcome", "role", "source", "state",
        "stop_reason", "thinking", "type",
    }
)  # fmt: skip
"""The names of values that are words of the bot's own or of an API."""

_WORD = re.compile(r"[a-z0-9_./-]{1,40}")
_NUMBERS = re.compile(r"[\d: ]*")
_DIGITS = re.compile(r"\d+")
_NAME = re.compile(r"[a-z][a-z0-9_]*(?::\d+)?|\d+")

LEAST_ID = 10**15
"""Smaller numbers are times, counts and costs."""


async def journal_of(redis: Redis, keys: Keys, turn: int) -> dict[str, Any] | None:
    """Return the record, the entry and the result of a turn and the facts of its conversation; None if unknown."""
    ending = f":t:{padded(turn)}"
    found = {key async for key in keys_of_prefix(redis, keys.prefix) if key.endswith(ending)}
    if not found:
        return None
    conversation = int(tag_of(min(found).removeprefix(f"{keys.prefix}:")))
    wanted = {
        "record": keys.record(conversation, turn),
        "result": keys.result(conversation, turn),
        "meta": keys.meta(conversation),
        "steps": keys.tool_steps(conversation),
        "history": keys.history(conversation),
    }
    names = [key.removeprefix(f"{keys.prefix}:") for key in wanted.values()]
    read = await StoredKeys(redis, keys).read(names)
    held = {part: key.value for part, key in zip(wanted, read, strict=True)}
    history = held.pop("history") or []
    filler = Filler()
    ids = sorted(
        {int(each) for each in _DIGITS.findall(json.dumps([held, history])) if int(each) >= LEAST_ID}
    )
    for each in (conversation, turn, *ids):
        filler.id(each)
    entries = [(index, entry) for index, entry in enumerate(history) if _is_entry(entry, turn)]
    return {
        "turn": filler.id(turn),
        "conversation": filler.id(conversation),
        "entries": len(history),
        "entry": [{"index": index, **_without_text(filler, json.loads(entry))} for index, entry in entries],
        "steps": len(held.pop("steps") or ()),
        **{part: _without_text(filler, _parsed(value)) for part, value in held.items()},
    }


def _is_entry(text: str, turn: int) -> bool:
    try:
        return load_turn(text).id == turn
    except Unreadable:
        return False


def _parsed(value: Any) -> Any:
    """Return a stored value with the JSON in it read."""
    if isinstance(value, dict):
        return {name: _parsed(each) for name, each in value.items()}
    if isinstance(value, str) and value[:1] in "{[" and not is_sealed(value):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _without_text(filler: Filler, value: Any, name: str = "") -> Any:
    """Return a value with filler for its texts and other ids."""
    if isinstance(value, dict):
        return dict(_fields(filler, value))
    if isinstance(value, list):
        return [_without_text(filler, each, name) for each in value]
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return filler.id(value) if value >= LEAST_ID else value
    if name in KEPT and _WORD.fullmatch(value):
        return value
    if _NUMBERS.fullmatch(value):
        return _DIGITS.sub(lambda found: _number(filler, found[0]), value)
    return filler.text(value)


def _fields(filler: Filler, value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, each in value.items():
        known = _NAME.fullmatch(name)
        shown = _DIGITS.sub(lambda found: _number(filler, found[0]), name) if known else filler.text(name)
        yield shown, _without_text(filler, each, name)


def _number(filler: Filler, digits: str) -> str:
    number = int(digits)
    return str(filler.id(number)).zfill(len(digits)) if number >= LEAST_ID else digits
