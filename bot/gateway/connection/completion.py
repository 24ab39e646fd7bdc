"""What a server of Discord's kind tells, completed by what discord.py reads and it has left out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

USER = {"username": "Bobbin", "discriminator": "0", "avatar": None}
"""What discord.py reads of a user, for servers that leave it out."""

LISTS = (
    "applied_tags",
    "attachments",
    "available_tags",
    "channels",
    "components",
    "embeds",
    "emojis",
    "fields",
    "guilds",
    "members",
    "mention_roles",
    "mentions",
    "message_snapshots",
    "permission_overwrites",
    "reactions",
    "recipients",
    "roles",
    "sticker_items",
    "stickers",
    "threads",
)
"""The lists that discord.py goes through without a look whether they are null. A forum that the bot may not see has
null in place of its tags since 16 November 2026 (Discord, channel obfuscation)."""

_NULL_LIST = re.compile(rf'"(?:{"|".join(LISTS)})": ?null')

TOO_MANY_REQUESTS = 429

RETRY_AFTER_S = 60.0


def complete_user(told: object, otherwise: dict[str, Any] | None = None) -> dict[str, Any]:
    """A user with every key that discord.py reads."""
    return {**USER, **(told if isinstance(told, dict) and "id" in told else otherwise or {})}


def with_lists(text: str) -> str:
    """JSON with empty lists in place of null where discord.py needs a list."""

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: [] if key in LISTS and each is None else fill(each) for key, each in value.items()}
        return [fill(each) for each in value] if isinstance(value, list) else value

    if _NULL_LIST.search(text) is None:
        return text
    try:
        return json.dumps(fill(json.loads(text)))
    except (ValueError, RecursionError):
        return text


def retry_after_s(headers: Mapping[str, str]) -> float:
    """How long a 429 asks to be left alone, RETRY_AFTER_S where it does not say."""
    try:
        return max(0.0, float(headers.get("Retry-After", RETRY_AFTER_S)))
    except ValueError:
        return RETRY_AFTER_S
