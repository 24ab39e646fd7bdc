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
    """The buttons of one message, in order; `lead` is the id of the message whose turn they act on."""

    lead: int = 0
    buttons: tuple[Button, ...] = ()


NONE = Controls()


def while_written(lead: int) -> Controls:
    """What the newest message of a reply carries while it is written."""
    return Controls(lead, (Button.STOP,))


def when_done(lead: int, *, cut: bool, answered: bool = True) -> Controls:
    """What the last message of a reply carries from then on; `cut` says that its length limit ended it.

    If it was not `answered`, the message only says why.
    """
    if not answered:
        return Controls(lead, (Button.TRY_AGAIN,))
    return Controls(lead, (Button.CONTINUE, Button.REGENERATE) if cut else (Button.REGENERATE,))
