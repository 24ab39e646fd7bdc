"""The output of restyling: text that only grows, its files, and their positions in the source."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field

from bot.render.part import Formula, TextFile


@dataclass(frozen=True, slots=True)
class Attached:
    """A file, and the end of the restyled text that it belongs to."""

    end: int
    file: Formula | TextFile


@dataclass(slots=True)
class CodeStretch:
    """Restyled text that is code, and the line that reopens the code block at a split."""

    start: int
    end: int
    opening: str


@dataclass(slots=True)
class _Stretch:
    """Restyled text from `start` on whose source begins at `source`; `same`: character by character."""

    start: int
    source: int
    same: bool


@dataclass(slots=True)
class Held:
    """Text for `taken` characters of the source, held back until it and all held text before it is `decided`."""

    text: str
    taken: int
    decided: bool = True
    file: Formula | TextFile | None = None


@dataclass(slots=True)
class Output:
    """Collects restyled text; held text can be changed or dropped."""

    written: int = 0
    read: int = 0
    # Characters of the source put so far, with those held back.
    position: int = 0
    attached: list[Attached] = field(default_factory=list)
    code: list[CodeStretch] = field(default_factory=list)
    _fresh: list[str] = field(default_factory=list)
    _held: deque[Held] = field(default_factory=deque)
    # The last held text, if the next text may be appended to it.
    _joins: Held | None = None
    # The beginning of a block that may be dropped, and the number of characters held since.
    _block: Held | None = None
    _block_chars: int = 0
    _stretches: list[_Stretch] = field(default_factory=list)

    def put(self, text: str, taken: int) -> None:
        """Write the text that replaces `taken` characters of the source."""
        self.position += taken
        if not self._held:
            self._write(text, taken)
            return
        self._block_chars += len(text)
        same = len(text) == taken
        if same and self._joins is self._held[-1]:
            self._joins.text += text
            self._joins.taken += taken
            return
        held = Held(text, taken)
        self._held.append(held)
        self._joins = held if same else None

    def reserve(self, text: str, taken: int) -> Held:
        """Hold back text that may still change, and all text after it, until `settle`."""
        self.position += taken
        held = Held(text, taken, decided=False)
        self._held.append(held)
        self._block_chars += len(text)
        return held

    def settle(self) -> None:
        """Write the held text before the first undecided one."""
        while self._held and self._held[0].decided:
            held = self._held.popleft()
            if held.file is not None:
                self.attached.append(Attached(self.written, held.file))
            else:
                self._write(held.text, held.taken)

    def attach(self, file: Formula | TextFile) -> None:
        """Attach a file to the text written last."""
        if self._held:
            self._held.append(Held("", 0, file=file))
        else:
            self.attached.append(Attached(self.written, file))

    def drain(self) -> str:
        """The text written since the last call."""
        text = "".join(self._fresh)
        self._fresh.clear()
        return text

    def hold(self) -> None:
        """Hold back the following text until `release` or `drop`."""
        if self._block is None:
            self._block, self._block_chars = self.reserve("", 0), 0

    @property
    def held(self) -> int | None:
        """The number of characters held since `hold`; None without `hold`."""
        return None if self._block is None else self._block_chars

    def held_text(self, most: int) -> str:
        """The beginning of the held text, at least `most` characters if there are as many."""
        text = ""
        for held in self._held:
            text += held.text
            if len(text) >= most:
                break
        return text

    def release(self, before: str = "") -> None:
        """Release the text held by `hold`, with the text `before` inserted before it."""
        if self._block is not None:
            self._block.text, self._block.decided = before, True
            self._block = None
            self.settle()

    def drop(self) -> int:
        """Drop the text held by `hold`; returns the number of its characters in the source."""
        taken = 0
        while self._block is not None:
            held = self._held.pop()
            taken += held.taken
            if held is self._block:
                self._block = None
        self.position -= taken
        return taken

    def _write(self, text: str, taken: int) -> None:
        same = len(text) == taken
        last = self._stretches[-1] if self._stretches else None
        if last is None or not (same and last.same):
            self._stretches.append(_Stretch(self.written, self.read, same))
        if text:
            self._fresh.append(text)
        self.written += len(text)
        self.read += taken

    def opening_at(self, position: int) -> str:
        """The line that reopens the code block around `position` in the restyled text; empty outside of code."""
        return next((each.opening for each in reversed(self.code) if each.start <= position < each.end), "")

    def source_at(self, position: int) -> int:
        """The position in the source of `position` in the restyled text, or before it."""
        index = bisect_right(self._stretches, position, key=lambda stretch: stretch.start) - 1
        if index < 0:
            return 0
        stretch = self._stretches[index]
        if stretch.same:
            return min(stretch.source + position - stretch.start, self.read)
        while index > 0 and self._stretches[index - 1].start == position:
            index -= 1  # with text that was left out just before it
        return self._stretches[index].source
