"""The intended state of a reply: its text so far, the files that are ready, its buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.render.controls import Controls
from bot.render.draft import Draft
from bot.render.mark import MARK_UNITS
from bot.render.measure import units
from bot.render.part import FILES_MAX, MadeFile, Part
from bot.render.plan import Action, Posted, plan
from bot.render.style import Style
from bot.render.upload import File, Uploads

# Characters collected before they are restyled: many deltas at once cost little more than one.
GATHER_CHARS = 64


class Composition:
    """Takes the deltas of a reply and returns the next call that brings Discord closer to the intended state."""

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
        self._truncated = False
        self._made: tuple[MadeFile, ...] = ()

    @property
    def text(self) -> str:
        """The reply so far."""
        return self._draft.text

    @property
    def complete(self) -> int:
        """The number of final messages in the text laid out so far."""
        return self._grown.complete

    @property
    def has_text(self) -> bool:
        """Whether the reply shows any text yet."""
        return bool(self._draft.parts)

    @property
    def closed(self) -> bool:
        """Whether the text is complete."""
        return self._closed

    @property
    def attaches(self) -> bool:
        """Whether files may be attached."""
        return self._attaches

    def push(self, text: str) -> None:
        self._waiting.append(text)
        self._waiting_chars += len(text)
        if self._waiting_chars >= GATHER_CHARS:
            self._lay_out()

    def close(self) -> None:
        """Mark the text as complete."""
        self._closed = True
        self._draft.finish()

    def replace(self, text: str, *, truncated: bool) -> None:
        """Replace the text; `truncated` says that the text stops in the middle."""
        self._truncated = truncated
        self._waiting, self._waiting_chars = [], 0
        self._grown = Draft(self._limit, self._style if self._attaches else Style())
        self._draft.push(text)
        if self._closed:
            self._draft.finish(truncated=truncated)

    def attach(self, files: tuple[MadeFile, ...]) -> None:
        """Attach files to the last message of the complete reply."""
        self._made = files

    @property
    def refused_files(self) -> bool:
        """Whether files that are no part of the text cannot be attached."""
        return bool(self._made) and not self._attaches

    def attach_nothing(self) -> None:
        """Show in the text what would be files."""
        self._attaches = False
        self.replace(self.text, truncated=self._truncated)

    def next(self, shown: Sequence[Posted]) -> Action | None:
        """The next call; None if no call is due.

        The reply is unfinished while a picture is being drawn, even if the text is complete.
        """
        parts = [Part(part.text, self._files(part)) for part in self._draft.parts]
        if parts and self._closed and self._attaches and self._made:
            parts[-1] = replace(parts[-1], files=(*parts[-1].files, *self._made)[:FILES_MAX])
        if self.status and not self._closed:
            parts = self._with_status(parts)
        finished = self._closed and not self.uploads.pending
        if parts and self._closed and not finished and units(parts[-1].text) + MARK_UNITS > self._limit:
            return None  # no room for the mark of an unfinished reply
        actions = plan(shown, parts, finished=finished, controls=self.controls, limit=self._limit)
        return actions[0] if actions else None

    def _with_status(self, parts: list[Part]) -> list[Part]:
        """Put the status line below the text so far, if the last message has room for it."""
        if not parts:
            return [Part(self.status)]
        text = f"{parts[-1].text}\n{self.status}"
        if units(text) + MARK_UNITS > self._limit:
            return parts
        return [*parts[:-1], replace(parts[-1], text=text)]

    @property
    def _draft(self) -> Draft:
        """The draft, with all text that was pushed."""
        if self._waiting:
            self._lay_out()
        return self._grown

    def _lay_out(self) -> None:
        text, self._waiting, self._waiting_chars = "".join(self._waiting), [], 0
        self._grown.push(text)

    def _files(self, part: Part) -> tuple[File, ...]:
        return self.uploads.attachable(part.files) if self._attaches and part.files else ()
