"""What must hold after anything: read from Discord, from the store, and from what Claude was sent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from bot.conversation import wording
from bot.conversation.turn import Turn
from bot.render.draft import Draft
from bot.render.mark import is_marked
from bot.store.codec import load_turn

SILENT = 1 << 12
ORDINARY = (0, 19)
TOKEN = re.compile(r"\[m(\d+)\]")
"""What makes a user's message recognisable wherever it is quoted."""


@dataclass(frozen=True, slots=True)
class Said:
    """A user's message that is to be answered; `number` is in its text, as `[m7]`."""

    number: int
    message: int
    conversation: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A visible reply: the message that it points to, and the contents of its messages."""

    reply_to: int | None
    contents: tuple[str, ...]


def token(number: int) -> str:
    """What a message has to hold to be recognised."""
    return f"[m{number}]"


def replies(messages: Iterable[Mapping[str, Any]], me: int) -> list[Shown]:
    """The bot's replies in a place, in order; small notices aside."""
    found: list[Shown] = []
    for message in messages:
        mine = int(message["author"]["id"]) == me and message["type"] in ORDINARY
        if not mine or message.get("flags", 0) & SILENT:
            continue
        reference = (message.get("message_reference") or {}).get("message_id")
        if reference is not None or not found:
            found.append(Shown(int(reference) if reference else None, ()))
        last = found.pop()
        found.append(Shown(last.reply_to, (*last.contents, message["content"])))
    return found


def conversation_faults(
    conversation: int, said: Sequence[Said], shown: Sequence[Shown], history: Sequence[Turn]
) -> list[str]:
    """What is wrong with one conversation: each message one entry, each entry one reply that shows its text."""
    faults = []
    counts = Counter(int(number) for turn in history for number in TOKEN.findall(turn.user))
    for one in said:
        if counts[one.number] != 1:
            faults.append(f"{token(one.number)} stands in {counts[one.number]} entries of the history")
    known = {one.number: one.message for one in said}
    expected: dict[int | None, Turn] = {}
    for turn in history:
        numbers = [int(number) for number in TOKEN.findall(turn.user)]
        if numbers != sorted(numbers):
            faults.append(f"entry {turn.id} holds its messages out of order: {numbers}")
        last = known.get(numbers[-1]) if numbers else None
        expected[None if last == conversation else last] = turn
    pointed = Counter(one.reply_to for one in shown)
    faults += [f"{times} replies point to {to}" for to, times in pointed.items() if times > 1]
    faults += [f"no reply points to {to}" for to in expected if to not in pointed]
    for one in shown:
        if any(is_marked(content) for content in one.contents):
            faults.append(f"the reply to {one.reply_to} is marked as unfinished")
        turn = expected.get(one.reply_to)
        if turn is None:
            faults.append(f"the reply to {one.reply_to} has no entry in the history")
        elif not _shows(one.contents, turn):
            faults.append(
                f"the reply to {one.reply_to} shows {_brief(one.contents)}, not {turn.reply[:60]!r}"
            )
    return [f"{conversation}: {fault}" for fault in faults]


def _shows(contents: Sequence[str], turn: Turn) -> bool:
    if turn.outcome != "answered":
        return len(contents) == 1 and contents[0].startswith(wording.SMALL)
    draft = Draft()
    draft.push(turn.reply)
    draft.finish()
    return tuple(contents) == draft.parts


def _brief(contents: Sequence[str]) -> str:
    return " + ".join(repr(content[:60]) for content in contents)


def request_faults(bodies: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is wrong with what Claude was sent: turns alternate, and no message is told twice."""
    faults = []
    for number, body in enumerate(bodies):
        messages = body["messages"]
        roles = [message["role"] for message in messages]
        if roles != [("user", "assistant")[place % 2] for place in range(len(roles))]:
            faults.append(f"request {number} does not alternate: {roles}")
        told = Counter(
            found
            for message in messages
            if message["role"] == "user"
            for found in TOKEN.findall(str(message))
        )
        faults += [
            f"request {number} holds [m{one}] {times} times" for one, times in told.items() if times > 1
        ]
    return faults


async def store_faults(redis: Redis, prefix: str) -> list[str]:
    """What the store still has to do."""
    faults = []
    waiting = [f"{prefix}:work"]
    for kind in ("q", "s"):
        waiting += [str(key) async for key in redis.scan_iter(f"{prefix}:{{*}}:{kind}")]
    for key in waiting:
        if held := await redis.zrange(key, 0, 5):
            faults.append(f"{key} holds {held}")
    return faults


async def history_of(redis: Redis, prefix: str, conversation: int) -> list[Turn]:
    """The entries of a conversation's history."""
    return [load_turn(str(entry)) for entry in await redis.lrange(f"{prefix}:{{{conversation}}}:h", 0, -1)]
