"""The bot's own messages as a list of Discord's tells of them: all that is needed, whatever else is odd about them.

A reply that is overlooked is written once more, beside the one that stands there. So these are read without
discord.py, which may fail at any part of a message; only the id has to be there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.conversation import wording
from bot.gateway.conversion import buttons
from bot.gateway.conversion.convert import ORDINARY
from bot.render.controls import NONE, Controls
from bot.render.outbox import Seen
from bot.render.upload import Attached

SUPPRESS_NOTIFICATIONS = 1 << 12
"""A message flag (Discord, "Message Flags")."""

ID_DIGITS = 20
"""No number of Discord's has more."""

_TYPES = frozenset(kind.value for kind in ORDINARY)


def is_said_by(me: str, data: dict[str, Any]) -> bool:
    """Whether a message is one that the bot has written."""
    author = data.get("author")
    return isinstance(author, dict) and str(author.get("id")) == me and data.get("type", 0) in _TYPES


def seen(data: dict[str, Any]) -> Seen:
    """Read one of the bot's own messages."""
    content = str(data.get("content") or "")
    reference = data.get("message_reference")
    reply_to = _number(reference.get("message_id")) if isinstance(reference, dict) else 0
    silent = bool(_number(data.get("flags")) & SUPPRESS_NOTIFICATIONS)
    return Seen(
        id=int(data["id"]),
        content=content,
        reply_to=reply_to or None,
        silent=silent or content in wording.LOUD_ONCE,
        files=tuple(
            Attached(_number(each.get("id")), str(each.get("filename") or ""), _number(each.get("size")))
            for each in _objects(data.get("attachments"))
        ),
        controls=_controls(data),
    )


def _controls(data: dict[str, Any]) -> Controls:
    children = [
        child for row in _objects(data.get("components")) for child in _objects(row.get("components"))
    ]
    found = [press for child in children if (press := buttons.pressed(str(child.get("custom_id") or "")))]
    return Controls(found[0][1], tuple(button for button, _ in found)) if found else NONE


def _objects(told: object) -> Iterator[dict[str, Any]]:
    return (each for each in told if isinstance(each, dict)) if isinstance(told, list) else iter(())


def _number(told: object) -> int:
    text = str(told)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= ID_DIGITS else 0
