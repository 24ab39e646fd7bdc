"""Lay a growing text out in messages."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.render.breaks import split_message
from bot.render.inline import scan_inline
from bot.render.lines import Fence, Kind, Line, seems_to_open, shown_end
from bot.render.mark import RESERVED_UNITS, escape_mark
from bot.render.measure import MESSAGE_LIMIT_UNITS, fitting, is_visible, units
from bot.render.open_markup import OpenMarkup, continue_message, last_of_paragraph, read_message
from bot.render.preview import close_paragraph, preview

# Room for the longest opening (quotes, a fence and its language), its closing, and something in between.
LIMIT_MIN_UNITS = 160
# A delta is read in pieces of this size, so that 1 MB at once costs no more per character than small deltas.
_BITE_CHARS = 4096
# Units reserved for the closing of a growing message: a fence on a line of its own, or markers.
_CLOSING_UNITS = 20
_NOT_BLANK = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Piece:
    """One message: `body`, which is the text before `end`, and the markup added around it."""

    opening: str
    body: str
    closing: str
    end: int = 0

    @property
    def text(self) -> str:
        """The content of the message."""
        return escape_mark(self.opening + self.body + self.closing)


class Layout:
    """Lays deltas of Markdown out in Discord messages.

    The splits depend on the text alone, not on the borders of its deltas. The bodies of the pieces, in order, are the
    text: between two bodies only whitespace and empty lines of a quote are missing, in a code block at most one line
    break. At most `max_messages` messages are made (0: no limit): the last of them leaves `spare_units` free, and
    `overflow_at` is where the text goes on.
    """

    def __init__(
        self, limit: int = MESSAGE_LIMIT_UNITS, *, max_messages: int = 0, spare_units: int = 0
    ) -> None:
        if limit < LIMIT_MIN_UNITS:
            raise ValueError(f"a message must hold at least {LIMIT_MIN_UNITS} characters")
        self._limit = limit
        self._max_messages = max_messages
        self._spare_units = spare_units
        self._overflow_at: int | None = None
        self._base = 0
        self._complete: list[Piece] = []
        self._ends = False
        self._finished = False
        self._truncated = False
        self._begun = False
        self._fence: Fence | None = None
        self._begin("", OpenMarkup())

    def push(self, text: str) -> None:
        if self._finished:
            raise ValueError("the text is finished")
        for start in range(0, len(text), _BITE_CHARS):
            if self._overflow_at is not None:
                return
            self._tail += text[start : start + _BITE_CHARS]
            self._lay_out()

    def end_message(self) -> None:
        """Begin a new message with the next text."""
        self._ends = True
        self._lay_out()
        self._ends = False

    def finish(self, *, truncated: bool = False) -> None:
        """End the text; a second call has no effect.

        Open markers of a `truncated` text are closed. In a complete text they are no markers.
        """
        if not self._finished:
            self._ends = self._finished = True
            self._truncated = truncated
            self._lay_out()

    @property
    def overflow_at(self) -> int | None:
        """Where the text that no message holds begins; None if the messages hold all text."""
        return self._overflow_at

    @property
    def message_start(self) -> int:
        """Where the growing message begins in the text."""
        return self._base

    @property
    def complete(self) -> int:
        """The number of final messages."""
        return len(self._complete)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The messages; all but the last are final."""
        growing = self.growing()
        return (*self._complete, growing) if growing else tuple(self._complete)

    @property
    def texts(self) -> tuple[str, ...]:
        """The contents of the messages; all but the last are final, and all after `finish`."""
        return tuple(piece.text for piece in self.pieces)

    def completed(self, index: int) -> Piece:
        """A final message."""
        return self._complete[index]

    def growing(self, provisional: str = "") -> Piece | None:
        """The growing message, followed by `provisional` text that later text may change."""
        if self._finished or self._overflow_at is not None:
            return None
        if not provisional:
            self._fence = continue_message(self._tail, self._markup, self._lines, self._fence, whole=False)
            return self._previewed(self._tail, self._lines, self._fence)
        self._fence = continue_message(self._tail, self._markup, self._lines, self._fence, whole=False)
        tail, lines = self._fitting(self._tail + provisional), list(self._lines)
        if not self._begun and self._markup.fence is None:
            tail, lines = tail.lstrip(), []
        fence = continue_message(tail, self._markup, lines, self._fence, whole=False)
        return self._previewed(tail, lines, fence)

    def _fitting(self, tail: str) -> str:
        """As much of a message as surely fits, up to a blank: splitting provisional text is not worth the time."""
        room = self._limit - RESERVED_UNITS - units(self._markup.opening) - _CLOSING_UNITS
        fits = fitting(tail, room)
        if fits == len(tail) or fits < len(self._tail):
            return tail
        return tail[: max(tail.rfind(" ", 0, fits), len(self._tail))]

    @property
    def _is_last(self) -> bool:
        return len(self._complete) + 1 == self._max_messages

    def _begin(self, tail: str, markup: OpenMarkup) -> None:
        self._tail = tail
        self._markup = markup
        self._lines: list[Line] = []
        self._fence = markup.fence
        self._begun = False

    def _lay_out(self) -> None:
        """Complete the messages that are certainly full."""
        while self._overflow_at is None:
            self._trim_start()
            window = self._overflow()
            if window is None:
                return
            room = self._limit - RESERVED_UNITS - (self._spare_units if self._is_last else 0)
            split = split_message(window, self._markup, room)
            self._emit(self._piece(self._tail, split.end, split.closing))
            self._base += split.resume
            if 0 < self._max_messages <= len(self._complete):
                self._overflow_at = self._base
            self._begin(self._tail[split.resume :], split.markup)

    def _piece(self, tail: str, end: int, closing: str) -> Piece:
        body, opening = tail[:end], self._opening(tail, end)
        if self._markup.broken and self._markup.fence is None:
            line_end = body.find("\n")
            if seems_to_open(body, 0, line_end if line_end >= 0 else len(body)):
                opening += "\\"  # the rest of a split line of backticks is no code block
        return Piece(opening, body, closing, self._base + end)

    def _opening(self, tail: str, end: int) -> str:
        """The markup before the text of a message that ends at `end`.

        A marker that the first paragraph does not close is text: it is not reopened if other paragraphs follow.
        """
        markup = self._markup
        if not markup.markers:
            return markup.opening
        lines, _ = read_message(tail[:end], markup, whole=True)
        first = last_of_paragraph(lines, 0)
        if all(line.kind is Kind.BLANK for line in lines[first + 1 :]):
            return markup.opening
        inline = scan_inline(tail, 0, lines[first].end, markup.markers, ended=True)
        unclosed = [marker for at, marker in inline.opened if at < 0]
        return replace(markup, markers=tuple(m for m in markup.markers if m not in unclosed)).opening

    def _emit(self, piece: Piece) -> None:
        if is_visible(piece.body):
            self._complete.append(piece)

    def _trim_start(self) -> None:
        """Drop the blanks that Discord would trim from the start of a message (none in a code block)."""
        if self._begun or self._markup.fence is not None:
            return
        text = self._tail.lstrip()
        blanks = self._tail[: len(self._tail) - len(text)]
        # Blanks trimmed before count until a line break.
        before = 0 if "\n" in blanks else self._markup.trimmed
        trimmed = before + len(blanks) - (blanks.rfind("\n") + 1)
        if trimmed != self._markup.trimmed:
            self._markup = replace(self._markup, trimmed=trimmed)
        self._tail = text
        self._base += len(blanks)
        self._begun = bool(text)

    def _overflow(self) -> str | None:
        """The part of the tail that decides the split; None if the tail fits or may fit.

        The part ends with the first visible character that does not fit, so that the split depends on no later text.
        """
        room = self._limit - units(self._markup.opening)
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
        """Complete the last message; if its closing does not fit, return the tail."""
        piece = self._last_piece()
        goes_on = self._is_last and not self._finished
        if units(piece.text) > self._limit - (self._spare_units if goes_on else 0):
            return self._tail
        self._emit(piece)
        self._base += len(self._tail)
        if goes_on and 0 < self._max_messages <= len(self._complete):
            self._overflow_at = self._base
        self._begin("", OpenMarkup())
        return None

    def _last_piece(self) -> Piece:
        lines: list[Line] = []
        continue_message(self._tail, self._markup, lines, self._markup.fence, whole=True)
        closed = close_paragraph(self._tail, self._markup, lines) if self._truncated else None
        if closed is not None:
            return self._piece(self._tail, *closed)
        shown = [line for line in lines if line.kind is not Kind.BLANK]
        closing = shown[-1].closing if shown else ""
        if self._markup.markers and not closing:
            last = last_of_paragraph(lines, 0)
            if all(line.kind is Kind.BLANK for line in lines[last + 1 :]):
                inline = scan_inline(self._tail, 0, lines[last].end, self._markup.markers, ended=True)
                # Markers that this message reopened are closed in it.
                closing = "".join(marker for _, marker in reversed(inline.opened))
        in_code = bool(shown) and "```" in shown[-1].closing  # where a quote mark is part of the code
        end = len(self._tail.rstrip()) if in_code else shown_end(self._tail, len(self._tail))
        behind = lines[lines.index(shown[-1]) + 1 :] if in_code else []
        if any(line.fence is None and line.start < end for line in behind):
            closing = ""  # an empty quote stands behind the quote that the block ended with
        return self._piece(self._tail, end, closing)

    def _previewed(self, tail: str, lines: list[Line], fence: Fence | None) -> Piece | None:
        """The growing message: all markup closed, without text that is still uncertain."""
        shown = preview(tail, self._markup, lines, fence)
        if shown is None:
            return None
        end, closing = shown
        piece = self._piece(tail, end, closing)
        if units(piece.text) > self._limit - RESERVED_UNITS:
            split = split_message(tail, self._markup, self._limit - RESERVED_UNITS)
            piece = self._piece(tail, split.end, split.closing)
        return piece if is_visible(piece.body) else None
