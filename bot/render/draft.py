"""A streaming reply, restyled for Discord and laid out in messages."""

from __future__ import annotations

from bisect import bisect_right

from bot.conversation import reply_wording, wording
from bot.render.layout import Layout, Piece
from bot.render.measure import MESSAGE_LIMIT_UNITS, is_visible, units
from bot.render.part import FILES_MAX, Formula, Part, TextFile
from bot.render.restyle.literal import escaped_lines
from bot.render.restyle.restyler import Restyler
from bot.render.stack import Stacks
from bot.render.style import Style

# File name for the rest of a reply that exceeds the maximal number of messages.
REST_NAME = "reply.md"
# One attachment is reserved for that file.
_FILES_FULL = FILES_MAX - 1


class Draft:
    """Turns deltas of Markdown into messages with files.

    The messages and files depend on the reply alone, not on the borders of its deltas. Together they hold the whole
    reply, in order.
    """

    def __init__(self, limit: int = MESSAGE_LIMIT_UNITS, style: Style | None = None) -> None:
        style = style or Style()
        self._goes_on = "\n" + wording.small(reply_wording.goes_on(REST_NAME))
        self._limit = limit
        self._max_messages = style.max_messages
        self._layout = self._new_layout()
        self._restyler = Restyler(style)
        self._deltas: list[str] = []
        self._high_surrogate = ""
        self._laid_out = 0
        self._placed = 0
        # The files of the growing message: the index of the first, the number of text files, and the pictures.
        self._first = self._texts = 0
        self._pictures = Stacks()
        self._parts: tuple[Part, ...] = ()
        # The intended messages with the growing one; None after new text.
        self._intended: tuple[Part, ...] | None = None
        self._filed = 0
        self._rest: TextFile | None = None
        self._finished = False
        self._is_source = False

    def push(self, delta: str) -> None:
        if self._finished:
            raise ValueError("the draft is finished")
        self._intended = None
        text = self._whole_characters(delta)
        self._deltas.append(text)
        if self._layout.overflow_at is None:
            self._lay_out(self._restyler.push(text))

    def finish(self, *, truncated: bool = False) -> None:
        """End the reply; a second call has no effect. Markup that is open in a `truncated` reply is closed."""
        if self._finished:
            return
        self._intended = None
        if self._high_surrogate:
            self._high_surrogate = ""
            self.push("\ufffd")
        if self._layout.overflow_at is None:
            self._lay_out(self._restyler.finish(truncated=truncated))
        self._layout.finish(truncated=truncated)
        if not self._layout.complete and is_visible(self.text):
            self._show_source()
        self._finished = True
        if self._layout.overflow_at is not None:
            source, opening = (
                (0, "") if self._is_source else self._restyler.rest_from(self._layout.overflow_at)
            )
            rest = self.text[source:]
            self._rest = TextFile(REST_NAME, opening + rest) if is_visible(rest) else None

    def _new_layout(self) -> Layout:
        return Layout(self._limit, max_messages=self._max_messages, spare_units=units(self._goes_on))

    def _show_source(self) -> None:
        """Show the source, since restyling left nothing visible, as for a reply that is only a tag."""
        self._is_source = True
        self._layout = self._new_layout()
        text = escaped_lines(self.text)
        self._layout.push(text)
        self._layout.finish()
        self._laid_out = len(text)

    @property
    def text(self) -> str:
        """The source of the reply so far; unpaired surrogates are U+FFFD."""
        self._deltas = ["".join(self._deltas)]
        return self._deltas[0]

    @property
    def complete(self) -> int:
        """The number of final messages."""
        grows = self._layout.overflow_at is not None and not self._finished
        return self._layout.complete - grows

    @property
    def parts(self) -> tuple[Part, ...]:
        """The intended messages; all but the last are final, and all after `finish`.

        The parts are computed once for each change of the text, because the writer reads them several times per call.
        """
        if self._intended is None:
            self._intended = self._with_growing()
        return self._intended

    def _with_growing(self) -> tuple[Part, ...]:
        complete = self.complete
        while len(self._parts) < complete:
            index = len(self._parts)
            last = self._finished and index + 1 == complete
            part, self._filed = self._part(self._layout.completed(index), last=last)
            self._parts += (part,)
        if self._finished:
            return self._parts
        if self._layout.overflow_at is not None:
            growing: Piece | None = self._layout.completed(complete)
        else:
            growing = self._layout.growing(self._restyler.provisional)
        return (
            (*self._parts, self._part(growing, last=self._layout.overflow_at is not None)[0])
            if growing
            else self._parts
        )

    def _part(self, piece: Piece, *, last: bool) -> tuple[Part, int]:
        """A message, and the number of files up to its end."""
        attached, overflow_at = self._restyler.attached, self._layout.overflow_at
        end = piece.end if not last else overflow_at if overflow_at is not None else self._laid_out
        stop = bisect_right(attached, end, lo=self._filed, key=lambda file: file.end)
        files: tuple[Formula | TextFile, ...] = tuple(each.file for each in attached[self._filed : stop])
        goes_on = last and overflow_at is not None and not (self._finished and self._rest is None)
        if goes_on and self._rest is not None:
            files += (self._rest,)
        return Part(piece.text + (self._goes_on if goes_on else ""), files), stop

    def _lay_out(self, text: str) -> None:
        """Lay restyled text out; a message ends after the last file that it can carry."""
        attached = self._restyler.attached
        start = self._laid_out
        while self._placed < len(attached):
            end = attached[self._placed].end
            self._layout.push(text[self._laid_out - start : end - start])
            self._laid_out = end
            self._placed += 1
            if self._count_files() >= _FILES_FULL:
                self._layout.end_message()
        self._layout.push(text[self._laid_out - start :])
        self._laid_out = start + len(text)

    def _count_files(self) -> int:
        """The number of files of the growing message, with the file placed last."""
        attached = self._restyler.attached
        first = bisect_right(attached, self._layout.message_start, hi=self._placed, key=lambda file: file.end)
        fresh = attached[self._placed - 1 : self._placed]
        if first != self._first:
            self._first, self._texts, self._pictures = first, 0, Stacks()
            fresh = attached[first : self._placed]
        for each in fresh:
            if isinstance(each.file, Formula):
                self._pictures.add(each.file.tex)
            else:
                self._texts += 1
        return self._texts + len(self._pictures.stacks)

    def _whole_characters(self, delta: str) -> str:
        """Join surrogates that JSON delivers in two deltas, for characters beyond U+FFFF."""
        delta = self._high_surrogate + delta
        self._high_surrogate = ""
        if delta and "\ud800" <= delta[-1] <= "\udbff":
            delta, self._high_surrogate = delta[:-1], delta[-1]
        if delta.isascii():
            return delta
        try:
            delta.encode()
        except UnicodeEncodeError:
            return delta.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return delta
