"""What restyling gives: text that only grows, the files that belong to it, and where all of it came from."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field

from bot.render.part import Formula, TextFile


@dataclass(frozen=True, slots=True)
class Attached:
    """A file, and where the restyled text ends that it belongs to."""

    end: int
    file: Formula | TextFile


@dataclass(slots=True)
class CodeStretch:
    """Restyled text that is code, and what opens it again where it is cut."""

    start: int
    end: int
    opening: str


@dataclass(slots=True)
class _Stretch:
    """Restyled text from `start` on that came from the source from `source` on; `same`: character by character."""

    start: int
    source: int
    same: bool


@dataclass(slots=True)
class Held:
    """What `taken` characters of the source become, held back until it and everything before it is `decided`."""

    text: str
    taken: int
    decided: bool = True
    file: Formula | TextFile | None = None


@dataclass(slots=True)
class Output:
    """Collects restyled text; what is held back can be changed, or taken back."""

    written: int = 0
    read: int = 0
    # How much of the source it is, with what is held back.
    position: int = 0
    attached: list[Attached] = field(default_factory=list)
    code: list[CodeStretch] = field(default_factory=list)
    _fresh: list[str] = field(default_factory=list)
    _held: deque[Held] = field(default_factory=deque)
    # The last that is held back, if what follows character by character may join it.
    _joins: Held | None = None
    # Where a block begins that may be taken back, and how much of it there is.
    _block: Held | None = None
    _block_chars: int = 0
    _stretches: list[_Stretch] = field(default_factory=list)

    def put(self, text: str, taken: int) -> None:
        """Write what `taken` characters of the source became."""
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
        """Hold back text that may still change, and all text that follows; `settle` releases what is decided."""
        self.position += taken
        held = Held(text, taken, decided=False)
        self._held.append(held)
        self._block_chars += len(text)
        return held

    def settle(self) -> None:
        """Write the text before the first that is not decided."""
        while self._held and self._held[0].decided:
            held = self._held.popleft()
            if held.file is not None:
                self.attached.append(Attached(self.written, held.file))
            else:
                self._write(held.text, held.taken)

    def attach(self, file: Formula | TextFile) -> None:
        """Hang a file below what was written last."""
        if self._held:
            self._held.append(Held("", 0, file=file))
        else:
            self.attached.append(Attached(self.written, file))

    def drain(self) -> str:
        """What was written since the last time."""
        text = "".join(self._fresh)
        self._fresh.clear()
        return text

    def hold(self) -> None:
        """Hold back what is written from here on, until `release` or `drop`."""
        if self._block is None:
            self._block, self._block_chars = self.reserve("", 0), 0

    @property
    def held(self) -> int | None:
        """How many characters are held back by `hold`, or None if none would be."""
        return None if self._block is None else self._block_chars

    def held_text(self, most: int) -> str:
        """The beginning of what is held back, about as long as asked for."""
        text = ""
        for held in self._held:
            text += held.text
            if len(text) >= most:
                break
        return text

    def release(self, before: str = "") -> None:
        """Write what was held back by `hold`, with some text before it."""
        if self._block is not None:
            self._block.text, self._block.decided = before, True
            self._block = None
            self.settle()

    def drop(self) -> int:
        """Forget what was held back by `hold`; returns how much of the source it was."""
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

    def opening_at(self, place: int) -> str:
        """What opens a code block in which the restyled text from `place` on begins, or nothing."""
        return next((each.opening for each in reversed(self.code) if each.start <= place < each.end), "")

    def source_at(self, place: int) -> int:
        """Where in the source the restyled text from `place` on begins, at the latest."""
        index = bisect_right(self._stretches, place, key=lambda stretch: stretch.start) - 1
        if index < 0:
            return 0
        stretch = self._stretches[index]
        if stretch.same:
            return min(stretch.source + place - stretch.start, self.read)
        while index > 0 and self._stretches[index - 1].start == place:
            index -= 1  # what vanished just before it comes along
        return self._stretches[index].source
