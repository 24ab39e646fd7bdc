"""Text as it grows, laid out in messages."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.render.breaks import cut
from bot.render.context import Context, continue_message, last_of_paragraph, read_message
from bot.render.inline import scan_inline
from bot.render.lines import Fence, Kind, Line, seems_to_open, shown_end
from bot.render.mark import RESERVED_UNITS, unmistakable
from bot.render.measure import MESSAGE_LIMIT_UNITS, fitting, is_visible, units
from bot.render.preview import close_paragraph, preview

# Room for the longest opening (quotes, a fence and its language), its closing, and something in between.
LIMIT_MIN_UNITS = 160
# A delta is taken in pieces of this size, so that one of 1 MB costs no more per character than many small
# ones.
_BITE_CHARS = 4096
# What closes a message that is cut while it grows: a fence on a line of its own, or some markers.
_CLOSING_UNITS = 20
_NOT_BLANK = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Piece:
    """One message: the text's own part of it, which ends before `end`, and what was put around it."""

    opening: str
    body: str
    closing: str
    end: int = 0

    @property
    def text(self) -> str:
        """What Discord shows."""
        return unmistakable(self.opening + self.body + self.closing)


class Layout:
    """Lays a text out in Discord messages while it is being written; it takes Markdown cut anywhere.

    Where it is cut into messages depends on its text alone, not on how it was cut into deltas. The bodies of
    the pieces, in order, are the text: between two of them only whitespace is missing, and empty lines of a
    quote, and in a code block at most one line break. With `most`, no more messages than that are made: the last
    one leaves `spare` units free, and where it ends and the text goes on is `full`.
    """

    def __init__(self, limit: int = MESSAGE_LIMIT_UNITS, *, most: int = 0, spare: int = 0) -> None:
        if limit < LIMIT_MIN_UNITS:
            raise ValueError(f"a message must hold at least {LIMIT_MIN_UNITS} characters")
        self._limit = limit
        self._most = most
        self._spare = spare
        self._full: int | None = None
        self._base = 0
        self._complete: list[Piece] = []
        self._ends = False
        self._finished = False
        self._cut = False
        self._begun = False
        self._fence: Fence | None = None
        self._begin("", Context())

    def push(self, text: str) -> None:
        """Take the next part of the text."""
        if self._finished:
            raise ValueError("the text is finished")
        for start in range(0, len(text), _BITE_CHARS):
            if self._full is not None:
                return
            self._tail += text[start : start + _BITE_CHARS]
            self._lay_out()

    def end_message(self) -> None:
        """What comes next begins a new message."""
        self._ends = True
        self._lay_out()
        self._ends = False

    def finish(self, *, cut: bool = False) -> None:
        """The text is all there; a second call changes nothing.

        If it was `cut`, nobody meant it to end there: markers that are open are closed. In a text that ends by itself
        they were none.
        """
        if not self._finished:
            self._ends = self._finished = True
            self._cut = cut
            self._lay_out()

    @property
    def full(self) -> int | None:
        """Where the text goes on that is in no message any more, or None as long as all of it is."""
        return self._full

    @property
    def begins(self) -> int:
        """Where in the text the message begins that is growing."""
        return self._base

    @property
    def complete(self) -> int:
        """How many messages are final."""
        return len(self._complete)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What each message is made of; all but the last one are final."""
        growing = self.growing()
        return (*self._complete, growing) if growing else tuple(self._complete)

    @property
    def texts(self) -> tuple[str, ...]:
        """What each message should show now: all but the last are final, and all once it is finished."""
        return tuple(piece.text for piece in self.pieces)

    def completed(self, index: int) -> Piece:
        """One of the final messages."""
        return self._complete[index]

    def growing(self, provisional: str = "") -> Piece | None:
        """The message that grows, with text behind it that may still turn out otherwise."""
        if self._finished or self._full is not None:
            return None
        if not provisional:
            self._fence = continue_message(self._tail, self._context, self._lines, self._fence, whole=False)
            return self._previewed(self._tail, self._lines, self._fence)
        self._fence = continue_message(self._tail, self._context, self._lines, self._fence, whole=False)
        tail, lines = self._fitting(self._tail + provisional), list(self._lines)
        if not self._begun and self._context.fence is None:
            tail, lines = tail.lstrip(), []
        fence = continue_message(tail, self._context, lines, self._fence, whole=False)
        return self._previewed(tail, lines, fence)

    def _fitting(self, tail: str) -> str:
        """As much of a message as surely fits, up to a blank: splitting provisional text is not worth the time."""
        room = self._limit - RESERVED_UNITS - units(self._context.opening) - _CLOSING_UNITS
        fits = fitting(tail, room)
        if fits == len(tail) or fits < len(self._tail):
            return tail
        return tail[: max(tail.rfind(" ", 0, fits), len(self._tail))]

    @property
    def _is_last(self) -> bool:
        return len(self._complete) + 1 == self._most

    def _begin(self, tail: str, context: Context) -> None:
        self._tail = tail
        self._context = context
        self._lines: list[Line] = []
        self._fence = context.fence
        self._begun = False

    def _lay_out(self) -> None:
        """Complete every message that is certain to be full."""
        while self._full is None:
            self._trim_start()
            window = self._overflow()
            if window is None:
                return
            room = self._limit - RESERVED_UNITS - (self._spare if self._is_last else 0)
            place = cut(window, self._context, room)
            self._emit(self._piece(self._tail, place.end, place.closing))
            self._base += place.resume
            if 0 < self._most <= len(self._complete):
                self._full = self._base
            self._begin(self._tail[place.resume :], place.context)

    def _piece(self, tail: str, end: int, closing: str) -> Piece:
        body, opening = tail[:end], self._opening(tail, end)
        if self._context.broken and self._context.fence is None:
            line_end = body.find("\n")
            if seems_to_open(body, 0, line_end if line_end >= 0 else len(body)):
                opening += "\\"  # the rest of a line of backticks is no code block
        return Piece(opening, body, closing, self._base + end)

    def _opening(self, tail: str, end: int) -> str:
        """What is put before the text of a message that ends at `end`.

        A marker that the first paragraph does not close was none: it is not opened again before other paragraphs.
        """
        context = self._context
        if not context.markers:
            return context.opening
        lines, _ = read_message(tail[:end], context, whole=True)
        first = last_of_paragraph(lines, 0)
        if all(line.kind is Kind.BLANK for line in lines[first + 1 :]):
            return context.opening
        inline = scan_inline(tail, 0, lines[first].end, context.markers, ended=True)
        unclosed = [marker for at, marker in inline.opened if at < 0]
        return replace(context, markers=tuple(m for m in context.markers if m not in unclosed)).opening

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
        self._base += len(blanks)
        self._begun = bool(text)

    def _overflow(self) -> str | None:
        """As much of the tail as shows where to cut it, or None if it fits, or might.

        It ends with the first character that is not blank and does not fit: so the cut depends on nothing
        else.
        """
        room = self._limit - units(self._context.opening)
        fits = len(self._tail) if 2 * len(self._tail) <= room else fitting(self._tail, room)
        if fits == len(self._tail):
            return self._overflow_at_last() if self._ends else None
        beyond = _NOT_BLANK.search(self._tail, fits)
        if beyond is not None and beyond.end() <= 2 * self._limit:
            return self._tail[: beyond.end()]
        if len(self._tail) > 2 * self._limit:
            return self._tail[: 2 * self._limit]
        return self._overflow_at_last() if self._ends else None

    def _overflow_at_last(self) -> str | None:
        """Close the last message, or say that what closes it does not fit."""
        piece = self._last_piece()
        goes_on = self._is_last and not self._finished
        if units(piece.text) > self._limit - (self._spare if goes_on else 0):
            return self._tail
        self._emit(piece)
        self._base += len(self._tail)
        if goes_on and 0 < self._most <= len(self._complete):
            self._full = self._base
        self._begin("", Context())
        return None

    def _last_piece(self) -> Piece:
        lines: list[Line] = []
        continue_message(self._tail, self._context, lines, self._context.fence, whole=True)
        closed = close_paragraph(self._tail, self._context, lines) if self._cut else None
        if closed is not None:
            return self._piece(self._tail, *closed)
        shown = [line for line in lines if line.kind is not Kind.BLANK]
        closing = shown[-1].closing if shown else ""
        if self._context.markers and not closing:
            last = last_of_paragraph(lines, 0)
            if all(line.kind is Kind.BLANK for line in lines[last + 1 :]):
                inline = scan_inline(self._tail, 0, lines[last].end, self._context.markers, ended=True)
                # A marker that was never closed was none; but those that were reopened here are closed here.
                closing = "".join(marker for _, marker in reversed(inline.opened))
        in_code = bool(shown) and "```" in shown[-1].closing  # where a mark of a quote is the code's own
        end = len(self._tail.rstrip()) if in_code else shown_end(self._tail, len(self._tail))
        return self._piece(self._tail, end, closing)

    def _previewed(self, tail: str, lines: list[Line], fence: Fence | None) -> Piece | None:
        """What the last message should show while its text is written: nothing open, nothing uncertain."""
        shown = preview(tail, self._context, lines, fence)
        if shown is None:
            return None
        end, closing = shown
        piece = self._piece(tail, end, closing)
        if units(piece.text) > self._limit - RESERVED_UNITS:
            place = cut(tail, self._context, self._limit - RESERVED_UNITS)
            piece = self._piece(tail, place.end, place.closing)
        return piece if is_visible(piece.body) else None
