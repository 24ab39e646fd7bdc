"""The reply as it grows, restyled for Discord and laid out in messages."""

from __future__ import annotations

from bot.render.layout import Layout
from bot.render.measure import MESSAGE_LIMIT_UNITS
from bot.render.part import Part
from bot.render.style import Style


class Draft:
    """What Discord should show of a reply while it is being written; it takes Markdown cut anywhere."""

    def __init__(self, limit: int = MESSAGE_LIMIT_UNITS, style: Style | None = None) -> None:
        self._style = style or Style()
        self._layout = Layout(limit)

    def push(self, delta: str) -> None:
        """Take the next part of the reply."""
        self._layout.push(delta)

    def finish(self) -> None:
        """The reply is all there; a second call changes nothing."""
        self._layout.finish()

    @property
    def text(self) -> str:
        """The reply so far, as it was written."""
        return self._layout.text

    @property
    def complete(self) -> int:
        """How many messages are final."""
        return self._layout.complete

    @property
    def parts(self) -> tuple[Part, ...]:
        """What each message should show now: all but the last are final, and all once it is finished."""
        return tuple(map(Part, self._layout.texts))
