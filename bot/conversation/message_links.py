"""Links to messages in a text: pure, linear in its length."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.conversation.code_spans import code_spans

_LINK = re.compile(
    r"https?://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/channels/"
    r"(?:(?P<guild>\d{1,20})|@me)/(?P<channel>\d{1,20})/(?P<message>\d{1,20})(?!\d)"
)
"""The address that "Copy Message Link" gives, in the three releases of Discord's client and under its old name."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a message; in direct messages the `guild` is None."""

    guild: int | None
    channel: int
    message: int


def message_links(text: str) -> tuple[Link, ...]:
    """Return the links to messages in a text, in order, each message once; what stands in code is no link."""
    found: dict[int, Link] = {}
    for match in _LINK.finditer(_without_code(text)):
        guild = int(match["guild"]) if match["guild"] else None
        link = Link(guild, int(match["channel"]), int(match["message"]))
        found.setdefault(link.message, link)
    return tuple(found.values())


def _without_code(text: str) -> str:
    parts = []
    at = 0
    for start, end in code_spans(text):
        parts.append(text[at:start])
        at = end
    return "`".join([*parts, text[at:]])
