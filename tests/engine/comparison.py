"""What people see and what Claude was asked, compared with what was said."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from bot.conversation.turn import Turn
from bot.conversation.wording import SMALL
from bot.local.simulator.claude.record import Call
from bot.render.draft import Draft
from bot.render.measure import MESSAGE_LIMIT_UNITS
from bot.render.style import Style

# As the bot's settings have it by default.
STYLE = Style(code_file_lines=60, max_messages=8)
SUPPRESS_NOTIFICATIONS = 1 << 12
ORDINARY_TYPES = (0, 19)

ATTACHMENT = re.compile(r'<attachment name="([^"]*)"[^>]* shown="(\w+)"')


@dataclass(frozen=True, slots=True)
class Said:
    """A message, the conversation it belongs to, words that stand in no other message, the names of its files."""

    place: int
    message: int
    words: str
    files: tuple[str, ...] = ()


def replies_of(
    place: int, by_bot: list[dict[str, Any]], by_turn_id: dict[int, Turn], answered: dict[int, list[int]]
) -> list[str]:
    """Compare what the thread shows with the history.

    A part that does not stand directly behind its reply points to the beginning of it; the reply to a thread's first
    message points to nothing, or to a notice.
    """
    found = []
    groups: dict[int | None, list[list[str]]] = defaultdict(list)
    begun: dict[int, list[str]] = {}
    latest: list[str] | None = None
    notices: set[int | None] = set()
    for message in by_bot:
        if message.get("flags", 0) & SUPPRESS_NOTIFICATIONS:
            notices.add(int(message["id"]))
            continue
        reference = message.get("message_reference")
        points_to = int(reference["message_id"]) if reference is not None else None
        if points_to in begun:
            latest = begun[points_to]
        elif points_to is not None or latest is None:
            latest = begun[int(message["id"])] = []
            groups[None if points_to in notices else points_to].append(latest)
        latest.append(message["content"])
    for turn_id, messages in answered.items():
        last = max(messages)
        replies = groups.pop(None if last == place else last, [])
        if len(replies) != 1:
            found.append(f"{place}: {len(replies)} replies to {last}")
            continue
        entry = by_turn_id[turn_id]
        shown, kept = replies[0], parts_of(entry.reply)
        if not entry.reply:
            if not all(line.startswith(SMALL) for part in shown for line in part.splitlines()):
                found.append(f"{place}: the reply to {last} is no notice: {short(str(shown))}")
        elif shown not in (kept, parts_of(entry.reply, truncated=True)):
            found.append(f"{place}: the reply to {last} is {short(str(shown))}, kept was {short(str(kept))}")
    found += [
        f"{place}: an answer to {points_to} that nobody keeps: {short(str(group))}"
        for points_to, group in groups.items()
    ]
    return found


def parts_of(text: str, *, truncated: bool = False) -> list[str]:
    """Return the messages of a reply; where the reply broke off, markup that it has opened is closed."""
    draft = Draft(MESSAGE_LIMIT_UNITS, STYLE)
    draft.push(text)
    draft.finish(truncated=truncated)
    return [part.text for part in draft.parts]


def wrong_requests(asked: Collection[Call]) -> list[str]:
    """The simulator refuses what the API would refuse; alternation the API does not ask for, but we do."""
    found = [f"Claude refused a request: {call.refusal}" for call in asked if call.status == 400]
    for call in asked:
        if not isinstance(call.body, dict):
            continue
        roles = [message["role"] for message in call.body["messages"]]
        if roles != (["user", "assistant"] * len(roles))[: len(roles)] or roles[-1] != "user":
            found.append(f"Claude was sent {roles}")
    return found


def told_twice(asked: Collection[Call], said: Collection[Said]) -> list[str]:
    found = []
    for call in asked:
        if not isinstance(call.body, dict):
            continue
        told = "".join(str(each["content"]) for each in call.body["messages"] if each["role"] == "user")
        found += [f"Claude was told {one.words} twice at once" for one in said if told.count(one.words) > 1]
    return found


def short(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    return text if len(text) < 160 else f"{text[:80]} … {text[-70:]} ({len(text)})"


def difference(before: dict[int, str], after: dict[int, str]) -> str:
    changed = [
        f"{message}: {short(before.get(message, '(none)'))} -> {short(after.get(message, '(gone)'))}"
        for message in sorted(before.keys() | after.keys())
        if before.get(message) != after.get(message)
    ]
    return "; ".join(changed)
