"""Settings that people choose for a scope: a thread, a channel or a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast, get_args

from bot.conversation.model import EFFORTS, Choice, Thinking


class Scope(StrEnum):
    """Where a setting applies; of each setting the narrowest scope that has one counts."""

    THREAD = "thread"
    CHANNEL = "channel"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Setting:
    """The value of a setting, the id of the person who set it, and when (ms); None if an older version wrote it."""

    value: str
    by: int | None = None
    at_ms: int | None = None


Settings = Mapping[str, Setting]
"""The settings of one scope by name."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a setting that applies was set; its `name` where several settings could decide."""

    scope: Scope
    setting: Setting
    name: str = ""


def in_force(by_scope: Mapping[Scope, Settings], name: str) -> Origin | None:
    """Return the setting of the narrowest scope that has one; `by_scope` has the narrowest first."""
    return next((Origin(scope, held[name]) for scope, held in by_scope.items() if name in held), None)


SYSTEM = "system"
MODEL_NAMES = ("model", "effort", "thinking")

WITHHELD = frozenset({SYSTEM})
"""The settings whose values are texts that people wrote; the audit log holds their length only."""


def choice_of(settings: Settings) -> Choice:
    """Return the prompt and the model that a scope sets; a value that this version does not know counts as none."""
    values = {name: settings[name].value for name in (SYSTEM, *MODEL_NAMES) if name in settings}
    effort, thinking = values.get("effort"), values.get("thinking")
    return Choice(
        system=values.get(SYSTEM),
        model=values.get("model"),
        effort=next((level for level in EFFORTS if level == effort), None),
        thinking=cast("Thinking", thinking) if thinking in get_args(Thinking) else None,
    )
