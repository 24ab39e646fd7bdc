"""What a reply should show at any moment: its text so far, what is ready of its files, its buttons."""

from __future__ import annotations

from collections.abc import Sequence

from bot.render.controls import Controls
from bot.render.draft import Draft
from bot.render.mark import MARK_UNITS
from bot.render.measure import units
from bot.render.part import Part
from bot.render.plan import Action, Posted, plan
from bot.render.style import Style
from bot.render.upload import File, Uploads

# So much text may wait until it is restyled: many deltas at once cost little more than one.
GATHER_CHARS = 64


class Composition:
    """Takes the text of a reply as it comes, and names the next call that brings Discord nearer to it."""

    def __init__(
        self, uploads: Uploads, *, controls: Controls | None, style: Style | None, limit: int
    ) -> None:
        self.status = ""
        self.controls = controls
        self.uploads = uploads
        self._style = style
        self._limit = limit
        self._grown = Draft(limit, style)
        self._waiting: list[str] = []
        self._waiting_chars = 0
        self._attaches = True
        self._closed = False
        self._cut = False

    @property
    def text(self) -> str:
        """The reply so far."""
        return self._draft.text

    @property
    def complete(self) -> int:
        """How many messages are final, as far as the text has been laid out."""
        return self._grown.complete

    @property
    def has_text(self) -> bool:
        """Whether there is anything of the reply to show."""
        return bool(self._draft.parts)

    @property
    def closed(self) -> bool:
        """Whether the text is all there."""
        return self._closed

    @property
    def attaches(self) -> bool:
        """Whether files may be attached."""
        return self._attaches

    def push(self, text: str) -> None:
        """Take more of the text."""
        self._waiting.append(text)
        self._waiting_chars += len(text)
        if self._waiting_chars >= GATHER_CHARS:
            self._lay_out()

    def close(self) -> None:
        """The text is all there."""
        self._closed = True
        self._draft.finish()

    def replace(self, text: str, *, cut: bool) -> None:
        """Take another text in its place; with `cut` it ends where nobody meant it to."""
        self._cut = cut
        self._waiting, self._waiting_chars = [], 0
        self._grown = Draft(self._limit, self._style if self._attaches else Style())
        self._draft.push(text)
        if self._closed:
            self._draft.finish(cut=cut)

    def attach_nothing(self) -> None:
        """Put into the text what would be files."""
        self._attaches = False
        self.replace(self.text, cut=self._cut)

    def next(self, shown: Sequence[Posted]) -> Action | None:
        """The next call, None if there is nothing to do for now.

        While a picture is being drawn the reply is not finished, although its text may be all there.
        """
        parts = [Part(part.text, self._files(part)) for part in self._draft.parts]
        if not parts and self.status and not self._closed:
            parts = [Part(self.status)]
        finished = self._closed and not self.uploads.pending
        if parts and self._closed and not finished and units(parts[-1].text) + MARK_UNITS > self._limit:
            return None  # there is no room to say that it is unfinished
        actions = plan(shown, parts, finished=finished, controls=self.controls, limit=self._limit)
        return actions[0] if actions else None

    @property
    def _draft(self) -> Draft:
        """The draft, with all of the text."""
        if self._waiting:
            self._lay_out()
        return self._grown

    def _lay_out(self) -> None:
        text, self._waiting, self._waiting_chars = "".join(self._waiting), [], 0
        self._grown.push(text)

    def _files(self, part: Part) -> tuple[File, ...]:
        return self.uploads.attachable(part.files) if self._attaches and part.files else ()
