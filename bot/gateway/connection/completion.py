"""Fills in what discord.py needs and other servers leave out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

USER = {"username": "Bobbin", "discriminator": "0", "avatar": None}
"""The keys of a user that discord.py reads."""

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
"""The lists that discord.py iterates over without a check for null. A forum that the bot may not see has null in
place of its tags since 16 November 2026 (Discord, channel obfuscation)."""

_NULL_LIST = re.compile(rf'"(?:{"|".join(LISTS)})": ?null')

TOO_MANY_REQUESTS = 429

RETRY_AFTER_S = 60.0


def complete_user(user: object, default: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a user with every key that discord.py reads; `default` replaces one without an id."""
    return {**USER, **(user if isinstance(user, dict) and "id" in user else default or {})}


def fill_null_lists(text: str) -> str:
    """Return JSON with empty lists in place of null where discord.py needs a list."""
    if _NULL_LIST.search(text) is None:
        return text
    try:
        return json.dumps(_filled(json.loads(text)))
    except (ValueError, RecursionError):
        return text


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Return the `Retry-After` of a 429, RETRY_AFTER_S where there is none."""
    try:
        return max(0.0, float(headers.get("Retry-After", RETRY_AFTER_S)))
    except ValueError:
        return RETRY_AFTER_S


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: [] if key in LISTS and each is None else _filled(each) for key, each in value.items()}
    return [_filled(each) for each in value] if isinstance(value, list) else value
