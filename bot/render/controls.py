"""The buttons of a reply as values; the gateway decides their look and the effect of a click."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Button(Enum):
    """A button; the value is the button's name in custom ids."""

    STOP = "stop"
    REGENERATE = "regenerate"
    TRY_AGAIN = "retry"
    CONTINUE = "continue"
    CONSENT = "consent"
    AGREE = "agree"
    ALLOW = "allow"
    ALWAYS = "always"
    REFUSE = "refuse"
    REFUSE_WHY = "why"


OF_REPLIES = (Button.STOP, Button.REGENERATE, Button.TRY_AGAIN, Button.CONTINUE)
"""The buttons of replies."""

OF_CARDS = (Button.ALLOW, Button.ALWAYS, Button.REFUSE, Button.REFUSE_WHY)
"""The buttons of a call that waits for a permission; `turn_id` is the id of the call."""


@dataclass(frozen=True, slots=True)
class Controls:
    """The buttons of one message, in order; `turn_id` is the id of the message that began the turn."""

    turn_id: int = 0
    buttons: tuple[Button, ...] = ()


NONE = Controls()


def while_written(turn_id: int) -> Controls:
    """The buttons of the newest message while a reply streams."""
    return Controls(turn_id, (Button.STOP,))


def when_done(turn_id: int, *, truncated: bool, answered: bool = True) -> Controls:
    """The buttons of the last message of a finished reply; `truncated` says that the length limit ended the reply.

    Without an answer (`answered`), the message only gives the reason.
    """
    if not answered:
        return Controls(turn_id, (Button.TRY_AGAIN,))
    return Controls(turn_id, (Button.CONTINUE, Button.REGENERATE) if truncated else (Button.REGENERATE,))
