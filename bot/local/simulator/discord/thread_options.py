"""The settings of a thread and their limits. Pure."""

from __future__ import annotations

from bot.local.simulator.discord.errors import Problems
from bot.local.simulator.discord.model import Json

ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
MOST_NAME_CHARACTERS = 100
MOST_TAGS = 5
MOST_SLOWMODE_S = 21_600


def check(body: Json, problems: Problems, *, named: bool) -> None:
    """Note the problems of a thread's name and settings; `named` if a name is required."""
    name = body.get("name")
    if name is None:
        if named:
            problems.add("name", "BASE_TYPE_REQUIRED", "This field is required")
    elif not str(name).strip() or len(str(name)) > MOST_NAME_CHARACTERS:
        text = f"Must be between 1 and {MOST_NAME_CHARACTERS} in length."
        problems.add("name", "BASE_TYPE_BAD_LENGTH", text)
    minutes = body.get("auto_archive_duration")
    if minutes is not None and minutes not in ARCHIVE_MINUTES:
        problems.add("auto_archive_duration", "BASE_TYPE_CHOICES", f"Value must be one of {ARCHIVE_MINUTES}.")
    slow = body.get("rate_limit_per_user")
    if slow is not None and not 0 <= slow <= MOST_SLOWMODE_S:
        problems.add(
            "rate_limit_per_user", "NUMBER_TYPE_MAX", f"int value should be between 0 and {MOST_SLOWMODE_S}."
        )
    if len(body.get("applied_tags") or ()) > MOST_TAGS:
        problems.add("applied_tags", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_TAGS} or fewer in length.")
