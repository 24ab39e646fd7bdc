"""The buttons of a reply, as values: what they look like and what a click does is the gateway's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Button(Enum):
    """What somebody can ask for with a click; the value is its name in custom ids."""

    STOP = "stop"
    REGENERATE = "regenerate"
    TRY_AGAIN = "retry"
    CONTINUE = "continue"


@dataclass(frozen=True, slots=True)
class Controls:
    """The buttons of one message, in order; `turn_id` is the id of the message whose turn they act on."""

    turn_id: int = 0
    buttons: tuple[Button, ...] = ()


NONE = Controls()


def while_written(turn_id: int) -> Controls:
    """What the newest message of a reply carries while it is written."""
    return Controls(turn_id, (Button.STOP,))


def when_done(turn_id: int, *, truncated: bool, answered: bool = True) -> Controls:
    """What the last message of a reply carries from then on; `truncated` says that its length limit ended it.

    If it was not `answered`, the message only says why.
    """
    if not answered:
        return Controls(turn_id, (Button.TRY_AGAIN,))
    return Controls(turn_id, (Button.CONTINUE, Button.REGENERATE) if truncated else (Button.REGENERATE,))
