"""Text as it grows, laid out in messages."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.render.breaks import cut
from bot.render.context import Context, continue_message, continues
from bot.render.inline import scan_inline
from bot.render.lines import Fence, Kind, Line, seems_to_open
from bot.render.mark import RESERVED_UNITS, unmistakable
from bot.render.measure import MESSAGE_LIMIT_UNITS, fitting, is_visible, units
from bot.render.preview import preview

# Room for the longest opening (quotes, a fence and its language), its closing, and something in between.
LIMIT_MIN_UNITS = 160
# A delta is taken in pieces of this size, so that one of 1 MB costs no more per character than many small
# ones.
_BITE_CHARS = 4096
_NOT_BLANK = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Piece:
    """One message: the reply's own text, and what was put around it."""

    opening: str
    body: str
    closing: str

    @property
    def text(self) -> str:
        """What Discord shows."""
        return unmistakable(self.opening + self.body + self.closing)


class Layout:
    """Lays a text out in Discord messages while it is being written; it takes Markdown cut anywhere.

    Where it is cut into messages depends on its text alone, not on how it was cut into deltas. The bodies of
    the pieces, in order, are the reply: between two of them only whitespace is missing, and in a code block
    at most one line break.
    """

    def __init__(self, limit: int = MESSAGE_LIMIT_UNITS) -> None:
        if limit < LIMIT_MIN_UNITS:
            raise ValueError(f"a message must hold at least {LIMIT_MIN_UNITS} characters")
        self._limit = limit
        self._complete: list[Piece] = []
        self._texts: tuple[str, ...] = ()
        self._heard: list[str] = []
        self._surrogate = ""
        self._finished = False
        self._begin("", Context())

    def push(self, delta: str) -> None:
        """Take the next part of the reply."""
        if self._finished:
            raise ValueError("the draft is finished")
        self._take(self._whole_characters(delta))

    def finish(self) -> None:
        """The reply is all there; a second call changes nothing."""
        if self._finished:
            return
        if self._surrogate:
            self._take("\ufffd")
        self._finished = True
        self._lay_out()

    @property
    def text(self) -> str:
        """The reply so far, as it was written; halves of characters that never got whole are U+FFFD."""
        self._heard = ["".join(self._heard)]
        return self._heard[0]

    @property
    def complete(self) -> int:
        """How many messages are final."""
        return len(self._complete)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What each message is made of; all but the last one are final."""
        growing = None if self._finished else self._growing()
        return (*self._complete, growing) if growing else tuple(self._complete)

    @property
    def texts(self) -> tuple[str, ...]:
        """What each message should show now: all but the last are final, and all once it is finished."""
        if len(self._texts) < len(self._complete):
            self._texts += tuple(piece.text for piece in self._complete[len(self._texts) :])
        growing = None if self._finished else self._growing()
        return (*self._texts, growing.text) if growing else self._texts

    def _begin(self, tail: str, context: Context) -> None:
        self._tail = tail
        self._context = context
        self._lines: list[Line] = []
        self._fence: Fence | None = context.fence
        self._begun = False

    def _whole_characters(self, delta: str) -> str:
        """JSON may deliver a character beyond U+FFFF as two halves in two deltas."""
        delta = self._surrogate + delta
        self._surrogate = ""
        if delta and "\ud800" <= delta[-1] <= "\udbff":
            delta, self._surrogate = delta[:-1], delta[-1]
        if delta.isascii():
            return delta
        try:
            delta.encode()
        except UnicodeEncodeError:
            return delta.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return delta

    def _take(self, text: str) -> None:
        self._heard.append(text)
        for start in range(0, len(text), _BITE_CHARS):
            self._tail += text[start : start + _BITE_CHARS]
            self._lay_out()

    def _lay_out(self) -> None:
        """Complete every message that is certain to be full."""
        while True:
            self._trim_start()
            window = self._overflow()
            if window is None:
                return
            place = cut(window, self._context, self._limit - RESERVED_UNITS)
            self._emit(self._piece(place.end, place.closing))
            self._begin(self._tail[place.resume :], place.context)

    def _piece(self, end: int, closing: str) -> Piece:
        body, opening = self._tail[:end], self._context.opening
        if self._context.broken and self._context.fence is None:
            line_end = body.find("\n")
            if seems_to_open(body, 0, line_end if line_end >= 0 else len(body)):
                opening += "\\"  # the rest of a line of backticks is no code block
        return Piece(opening, body, closing)

    def _emit(self, piece: Piece) -> None:
        if is_visible(piece.body):
            self._complete.append(piece)

    def _trim_start(self) -> None:
        """Drop the blanks that Discord would trim from the start of a message (none in a code block)."""
        if self._begun or self._context.fence is not None:
            return
        text = self._tail.lstrip()
        blanks = self._tail[: len(self._tail) - len(text)]
        # Blanks that came before are gone already, so they count on until a line break.
        before = 0 if "\n" in blanks else self._context.trimmed
        trimmed = before + len(blanks) - (blanks.rfind("\n") + 1)
        if trimmed != self._context.trimmed:
            self._context = replace(self._context, trimmed=trimmed)
        self._tail = text
        self._begun = bool(text)

    def _overflow(self) -> str | None:
        """As much of the tail as shows where to cut it, or None if it fits, or might.

        It ends with the first character that is not blank and does not fit: so the cut depends on nothing
        else.
        """
        room = self._limit - units(self._context.opening)
        fits = len(self._tail) if 2 * len(self._tail) <= room else fitting(self._tail, room)
        if fits == len(self._tail):
            return self._overflow_at_last() if self._finished else None
        beyond = _NOT_BLANK.search(self._tail, fits)
        if beyond is not None and beyond.end() <= 2 * self._limit:
            return self._tail[: beyond.end()]
        if len(self._tail) > 2 * self._limit:
            return self._tail[: 2 * self._limit]
        return self._overflow_at_last() if self._finished else None

    def _overflow_at_last(self) -> str | None:
        """Close the last message, or say that what closes it does not fit."""
        piece = self._last_piece()
        if units(piece.text) > self._limit:
            return self._tail
        self._emit(piece)
        self._begin("", Context())
        return None

    def _last_piece(self) -> Piece:
        lines: list[Line] = []
        continue_message(self._tail, self._context, lines, self._context.fence, whole=True)
        shown = [line for line in lines if line.kind is not Kind.BLANK]
        closing = shown[-1].closing if shown else ""
        if self._context.markers and not closing:
            last = 0
            while last + 1 < len(lines) and continues(lines[last + 1], lines[last]):
                last += 1
            inline = scan_inline(self._tail, 0, lines[last].end, self._context.markers, ended=True)
            # A marker that was never closed was none; but those that were reopened here are closed here.
            closing = "".join(marker for _, marker in reversed(inline.opened))
        return self._piece(len(self._tail.rstrip()), closing)

    def _growing(self) -> Piece | None:
        """What the last message should show while its text is written: nothing open, nothing uncertain."""
        self._fence = continue_message(self._tail, self._context, self._lines, self._fence, whole=False)
        shown = preview(self._tail, self._context, self._lines, self._fence)
        if shown is None:
            return None
        end, closing = shown
        piece = self._piece(end, closing)
        if units(piece.text) > self._limit - RESERVED_UNITS:
            place = cut(self._tail, self._context, self._limit - RESERVED_UNITS)
            piece = self._piece(place.end, place.closing)
        return piece if is_visible(piece.body) else None
