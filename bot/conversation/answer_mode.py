"""Which messages of a place are answered, as people have set that with /answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.conversation.scope import Origin, Scope, Settings, in_force

ANSWER = "answer"
"""The name of the setting; its value is an AnswerMode."""


class AnswerMode(StrEnum):
    """The values of the setting; `decide` in `intake` says what each means where."""

    MENTION = "mention"
    ALWAYS = "always"
    NEVER = "never"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class ModeInForce:
    """The mode that applies in a place, and where it was set."""

    mode: AnswerMode
    origin: Origin


def mode_in_force(by_scope: Mapping[Scope, Settings]) -> ModeInForce | None:
    """Return the mode that applies, None where none is set: that of the narrowest scope.

    One exception: `never` of a channel or a server holds in its threads whatever is set there, because those who
    start threads need not be those who manage the server. `by_scope` has the narrowest scope first.
    """
    wider = _mode({scope: held for scope, held in by_scope.items() if scope is not Scope.THREAD})
    return wider if wider is not None and wider.mode is AnswerMode.NEVER else _mode(by_scope)


def _mode(by_scope: Mapping[Scope, Settings]) -> ModeInForce | None:
    origin = in_force(by_scope, ANSWER)
    if origin is None or origin.setting.value not in list(AnswerMode):
        return None  # a value of another version counts as none
    return ModeInForce(AnswerMode(origin.setting.value), origin)
