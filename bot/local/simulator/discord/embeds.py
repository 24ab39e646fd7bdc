"""The limits of embeds (resources/message, "Embed Limits"). Pure."""

from __future__ import annotations

from typing import Any

from bot.local.simulator.discord.errors import Problems

MOST_EMBEDS = 10
MOST_CHARACTERS = 6000
MOST_FIELDS = 25
_LIMITS = {"title": 256, "description": 4096}


def check(value: Any, problems: Problems) -> list[dict[str, Any]]:
    """The embeds as they are stored; problems are noted under `embeds`."""
    if value is None:
        return []
    if not isinstance(value, list):
        problems.add("embeds", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return []
    if len(value) > MOST_EMBEDS:
        problems.add("embeds", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_EMBEDS} or fewer in length.")
    stored: list[dict[str, Any]] = []
    characters = 0
    for index, embed in enumerate(value):
        if not isinstance(embed, dict):
            problems.add(
                f"embeds.{index}", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType"
            )
            continue
        characters += _check_one(embed, f"embeds.{index}", problems)
        stored.append({"type": "rich", "content_scan_version": 0} | embed)
    if characters > MOST_CHARACTERS:
        problems.add(
            "embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MOST_CHARACTERS}"
        )
    return stored


def _check_one(embed: dict[str, Any], path: str, problems: Problems) -> int:
    characters = sum(_measure(embed, key, limit, path, problems) for key, limit in _LIMITS.items())
    footer, author = embed.get("footer") or {}, embed.get("author") or {}
    characters += _measure(footer, "text", 2048, f"{path}.footer", problems)
    characters += _measure(author, "name", 256, f"{path}.author", problems)
    fields = embed.get("fields") or []
    if len(fields) > MOST_FIELDS:
        problems.add(f"{path}.fields", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_FIELDS} or fewer in length.")
    for index, field in enumerate(fields):
        for key, limit in (("name", 256), ("value", 1024)):
            if not field.get(key):
                problems.add(f"{path}.fields.{index}.{key}", "BASE_TYPE_REQUIRED", "This field is required")
            characters += _measure(field, key, limit, f"{path}.fields.{index}", problems)
    return characters


def _measure(holder: dict[str, Any], key: str, limit: int, path: str, problems: Problems) -> int:
    text = str(holder.get(key) or "")
    if len(text) > limit:
        problems.add(f"{path}.{key}", "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")
    return len(text.strip())
