"""The outcome of the generation of a reply."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversation.errors import (
    BobbinError,
)
from bot.conversation.request import Finished
from bot.conversation.turn import Turn
from bot.turns.conclusion import Conclusion


@dataclass(frozen=True, slots=True)
class Generated:
    """The outcome of a generation: the history entry, what the thread is to show, the start of the window.

    `end` is how the request ended; `has_begun`: people can have seen text of the reply, or tools were called for it.
    `files` are the ids of the files that Claude's code has made for the reply.
    """

    turn: Turn
    conclusion: Conclusion
    window_start: int
    end: Finished | BobbinError | None = None
    has_begun: bool = False
    files: tuple[str, ...] = ()
