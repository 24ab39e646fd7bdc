"""Parses the bot's own messages from a list of Discord's.

A reply that is missed here would be posted a second time. So this does without discord.py, which may fail at any
part of a message; a message needs an id only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.conversation import wording
from bot.conversation.reminder import MARK
from bot.gateway.conversion import buttons
from bot.gateway.conversion.convert import WRITTEN_TYPES
from bot.render.controls import NONE, Controls
from bot.render.outbox import Seen
from bot.render.upload import Attached

SUPPRESS_NOTIFICATIONS = 1 << 12
"""A message flag (Discord, "Message Flags")."""

ID_DIGITS = 20
"""The most digits of a number of 64 bits."""

_TYPES = frozenset(kind.value for kind in WRITTEN_TYPES)


def is_own_message(me: str, data: dict[str, Any]) -> bool:
    """Whether the bot, whose id is `me`, has written a message."""
    author = data.get("author")
    return isinstance(author, dict) and str(author.get("id")) == me and data.get("type", 0) in _TYPES


def parse_own_message(data: dict[str, Any]) -> Seen:
    """Parse one of the bot's own messages."""
    content = str(data.get("content") or "")
    reference = data.get("message_reference")
    reply_to = _number(reference.get("message_id")) if isinstance(reference, dict) else 0
    silent = bool(_number(data.get("flags")) & SUPPRESS_NOTIFICATIONS)
    return Seen(
        id=int(data["id"]),
        content=content,
        reply_to=reply_to or None,
        silent=silent or content in wording.LOUD_ONCE or is_reminder(content, data.get("mentions")),
        files=tuple(
            Attached(_number(each.get("id")), str(each.get("filename") or ""), _number(each.get("size")))
            for each in _objects(data.get("attachments"))
        ),
        controls=_controls(data),
    )


def is_reminder(content: str, mentions: object) -> bool:
    """Whether a message of the bot's is a reminder, which is no reply although it notifies.

    Nothing else of the bot's notifies a person, so that Discord names mentioned people with reminders alone.
    """
    return content.startswith(MARK) and bool(mentions)


def _controls(data: dict[str, Any]) -> Controls:
    children = [
        child for row in _objects(data.get("components")) for child in _objects(row.get("components"))
    ]
    pressed = [press for child in children if (press := buttons.pressed(str(child.get("custom_id") or "")))]
    return Controls(pressed[0][1], tuple(button for button, _ in pressed)) if pressed else NONE


def _objects(value: object) -> Iterator[dict[str, Any]]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= ID_DIGITS else 0
