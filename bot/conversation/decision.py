"""What was decided about a message that got no ordinary answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.conversation.intake import Ignore, Reason
from bot.conversation.scope import Origin


class Cause(StrEnum):
    """Why a message got no ordinary answer, besides the reasons of the intake."""

    MAY_NOT_OPEN = "may_not_open"  # the author lacks the permission `detail`
    AUTHOR_LEFT = "author_left"
    NO_THREADS_HERE = "no_threads_here"
    PROXIED = "proxied"  # the message `detail` is answered in its place
    TOO_OLD = "too_old"
    DECLINED = "declined"  # by a step of the preparation, whose notice is `detail`
    LIMIT = "limit"  # a limit is full, as `detail` says
    GIVEN_UP = "given_up"  # after `detail` attempts
    STOPPED = "stopped"
    FAILED = "failed"  # no text came of Claude; `detail` is the notice
    REFUSED = "refused"  # the same, and later requests leave the message out
    BOT_LACKS_PERMISSION = "bot_lacks_permission"  # the permission `detail`, "" if unknown
    REJECTED = "rejected"  # Discord does not let the bot answer there
    GONE = "gone"  # the thread or the reply was deleted
    DELETED = "deleted"
    UNREADABLE = "unreadable"
    NOT_NOW = "not_now"  # Discord delays the answer
    WAITS_FOR_OTHERS = "waits_for_others"  # as many replies to the author are being written as may be
    BEFORE_RESET = "before_reset"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, and when (ms).

    `reason` is a `Cause`, or a `Reason` of the intake. `detail` never holds what people wrote. `origin` is where the
    setting that decided was set, if one did. `person` is for whom an application has posted the message, if that is
    known.
    """

    reason: str
    at_ms: int
    detail: str = ""
    origin: Origin | None = None
    person: int | None = None


TOLD_BY_THE_MESSAGE: frozenset[str] = frozenset(
    {
        Reason.NOT_A_PERSON,
        Reason.NOT_A_MESSAGE,
        Reason.PREFIXED,
        Reason.EMPTY,
        Reason.NOT_MENTIONED,
        Reason.TYPED_COMMAND,
        Reason.DIRECT_MESSAGES_OFF,
        Reason.ANSWERS_OFF,
        Reason.BEFORE_SETTING,
        Reason.FORGOTTEN,
    }
)
"""The reasons that the message and the rules tell again later. They are not stored: most messages of a server have
one of them, and would cost a write each."""


def is_stored(ignored: Ignore) -> bool:
    """Whether a decision of the intake is stored."""
    return ignored.reason not in TOLD_BY_THE_MESSAGE
