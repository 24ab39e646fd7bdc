"""The journal of a turn in a bundle: all that the store holds of the turn, with filler in place of every text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from redis.asyncio import Redis

from bot.backup.backup import tag_of
from bot.conversation.errors import Unreadable
from bot.store.all_keys import keys_of_prefix
from bot.store.codec import load_timeline, load_turn
from bot.store.content import is_sealed
from bot.store.keys import Keys, padded
from bot.store.stored_keys import StoredKeys
from bot.support.earlier_turns import held_before
from bot.support.filler import Filler
from bot.support.journal_files import files_of
from bot.support.journal_quotes import quotes_of
from bot.support.journal_words import ToolNames, redacted_timeline

KEPT_VALUES = frozenset(
    {
        "effort", "kind", "media_type", "model", "outcome", "role", "source", "state",
        "stop_reason", "thinking", "type",
    }
)  # fmt: skip
"""The names of values that stay, because they are words of the bot or of an API."""

NUMBERED_TEXTS = frozenset({"step"})
"""The names of texts that the bot builds from ids; in all other texts numbers are content."""

NAME_FIELDS = frozenset({"server_name", "channel_name"})
"""The fields of hashes that hold a name, which may consist of digits."""

TOOL_VALUES = frozenset({"tool"})
"""The names of values that hold the name of a tool."""

JSON_FIELDS = frozenset({"payload", "result"})
"""The Redis fields and keys that hold JSON of the bot, whose field names may stay."""

PREFIX_KEY = "prefix_key"
"""The field of an entry with a hash, which is replaced by a number: equal hashes by equal numbers."""

TIMELINE = "timeline"
"""The field of a record that the journal shows by itself."""

CALL_FIELDS = ("tool", "state", "is_repeated", "created_ms", "since_ms")
CALL_TEXTS = ("arguments", "outcome", "reason")
"""The fields of a call that waits or waited for a permission: those that are redacted, and those that are text."""

_WORD = re.compile(r"[a-z0-9_./-]{1,40}")
_NUMBERS = re.compile(r"[\d: ]*")
_DIGITS = re.compile(r"\d+")
_NAME = re.compile(r"[a-z][a-z0-9_]*(?::\d+)?|\d+")

LEAST_ID = 10**15
"""Smaller numbers are times in ms, counts and costs."""


async def journal_of(redis: Redis, keys: Keys, turn: int) -> dict[str, Any] | None:
    """Return the journal of a turn, None if the store does not know the turn.

    It holds the turn's record, result, history entry and timeline, its messages with their quotes and files, the
    steps of its tools, the calls that wait for a permission, the metadata of its conversation, and the earlier turns
    that its request could hold.
    """
    ending = f":t:{padded(turn)}"
    found = {key async for key in keys_of_prefix(redis, keys.prefix) if key.endswith(ending)}
    if not found:
        return None
    conversation = int(tag_of(min(found).removeprefix(f"{keys.prefix}:")))
    stored = await _read(
        redis,
        keys,
        {
            "record": keys.record(conversation, turn),
            "result": keys.result(conversation, turn),
            "meta": keys.meta(conversation),
            "steps": keys.tool_steps(conversation),
            "approvals": keys.approvals(conversation),
            "history": keys.history(conversation),
        },
    )
    record = stored["record"] or {}
    members = [int(each) for each in str(record.get("members") or turn).split() if each.isdigit()]
    records = await _read(redis, keys, {str(each): keys.record(conversation, each) for each in members})
    payloads = [_parsed((each or {}).get("payload")) for each in records.values()]
    history = stored.pop("history") or []
    entries = [(index, json.loads(entry)) for index, entry in enumerate(history) if _is_entry(entry, turn)]
    at = entries[0][0] if entries else len(history)
    earlier = list(held_before(history, at, str((stored["meta"] or {}).get("places") or "")))
    approvals = [
        call
        for text in (stored.pop("approvals") or {}).values()
        if isinstance(call := _parsed(text), dict) and call.get("turn") == turn
    ]
    steps = [
        {"step": name, **value}
        for name, text in sorted((stored.pop("steps") or {}).items())
        if name.startswith(f"{turn}:") and isinstance(value := _parsed(text), dict)
    ]
    texts = [entry for _, entry in (*earlier, *entries)]
    redactor = _Redactor(json.dumps([stored, records, texts, approvals, steps]))
    for each in (conversation, turn):
        redactor.filler.id(each)
    timeline = load_timeline(str(record.get("timeline") or ""))
    return {
        "turn": redactor.filler.id(turn),
        "conversation": redactor.filler.id(conversation),
        "entries": len(history),
        "entry": [{"index": index, **redactor.redacted(entry)} for index, entry in entries],
        "earlier": [{"index": index, **redactor.redacted(entry)} for index, entry in earlier],
        "timeline": redacted_timeline(timeline, redactor.tools),
        "messages": [redactor.redacted(each) for each in payloads if isinstance(each, dict)],
        "quotes": quotes_of([entry for _, entry in entries], redactor.filler.text),
        "files": files_of(payloads, [entry for _, entry in entries]),
        "calls": [redactor.call(each) for each in _by_time(approvals)],
        "steps": [redactor.redacted(each) for each in steps],
        **{part: redactor.key(part, value) for part, value in stored.items()},
    }


async def _read(redis: Redis, keys: Keys, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the values of keys that share a slot."""
    names = [key.removeprefix(f"{keys.prefix}:") for key in wanted.values()]
    read = await StoredKeys(redis, keys).read(names)
    return {part: key.value for part, key in zip(wanted, read, strict=True)}


def _by_time(approvals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(approvals, key=lambda each: int(each.get("created_ms") or 0))


def _is_entry(text: str, turn: int) -> bool:
    try:
        return load_turn(text).id == turn
    except Unreadable:
        return False


def _fields_parsed(part: str, value: Any) -> Any:
    """Return a stored value with the JSON of its JSON_FIELDS parsed."""
    if isinstance(value, dict):
        return {
            name: _parsed(each) if name in JSON_FIELDS else each
            for name, each in value.items()
            if name != TIMELINE
        }
    return _parsed(value) if part in JSON_FIELDS else value


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "{[" and not is_sealed(value):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


class _Redactor:
    """Replaces texts by filler, and ids by other ids in the same order; `whole` holds all ids of the journal."""

    def __init__(self, whole: str) -> None:
        self.filler = Filler()
        self.tools = ToolNames()
        self._prefix_keys: dict[str, str] = {"": ""}
        for each in sorted({int(each) for each in _DIGITS.findall(whole) if int(each) >= LEAST_ID}):
            self.filler.id(each)

    def redacted(self, value: Any, name: str = "") -> Any:
        """Return a value with filler for its texts and other ids for its ids; `name` is that of its field."""
        if isinstance(value, dict):
            return dict(self._fields(value))
        if isinstance(value, list):
            return [self.redacted(each, name) for each in value]
        if isinstance(value, bool | float) or value is None:
            return value
        if isinstance(value, int):
            return self.filler.id(value) if value >= LEAST_ID else value
        if name in KEPT_VALUES and _WORD.fullmatch(value):
            return value
        if name in TOOL_VALUES:
            return self.tools.shown(value)
        return self._with_other_ids(value) if name in NUMBERED_TEXTS else self.filler.text(value)

    def key(self, part: str, value: Any) -> Any:
        """Return the redacted value of a key; the numbers of a hash stay, which Redis holds as texts."""
        shown = self.redacted(_fields_parsed(part, value))
        if isinstance(value, dict):
            named = {name: each for name, each in value.items() if name not in NAME_FIELDS}
            shown |= {
                self._with_other_ids(name): self._with_other_ids(each)
                for name, each in named.items()
                if _NAME.fullmatch(name) and _NUMBERS.fullmatch(str(each))
            }
        return shown

    def call(self, approval: dict[str, Any]) -> dict[str, Any]:
        """Return a redacted call that waits or waited for a permission."""
        fields = {name: approval.get(name) for name in CALL_FIELDS}
        texts = {name: self.filler.text(str(approval.get(name) or "")) for name in CALL_TEXTS}
        return {**self.redacted(fields), **texts}

    def _fields(self, value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        kind = value.get("type")
        for name, each in value.items():
            known = _NAME.fullmatch(name)
            shown = self._with_other_ids(name) if known else self.filler.text(name)
            if kind == "tool_use" and name == "name":
                yield shown, self.tools.shown(str(each))
            elif name == PREFIX_KEY:
                number = len(self._prefix_keys)
                yield shown, self._prefix_keys.setdefault(str(each), f"prefix_{number}")
            elif kind == "opaque" and name == "json":
                yield shown, len(str(each))  # thinking and its signature, which nobody can read
            else:
                yield shown, self.redacted(each, name)

    def _with_other_ids(self, text: str) -> str:
        """Return a text with its ids replaced."""
        return _DIGITS.sub(lambda found: self._other_id(found[0]), text)

    def _other_id(self, digits: str) -> str:
        number = int(digits)
        return str(self.filler.id(number)).zfill(len(digits)) if number >= LEAST_ID else digits
