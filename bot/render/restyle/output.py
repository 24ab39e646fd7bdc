"""What restyling gives: text that only grows, the files that belong to it, and where all of it came from."""

from __future__ import annotations

from bisect import bisect_right
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
class Output:
    """Collects restyled text; what is held back can be taken back."""

    written: int = 0
    read: int = 0
    attached: list[Attached] = field(default_factory=list)
    code: list[CodeStretch] = field(default_factory=list)
    _fresh: list[str] = field(default_factory=list)
    _held: list[tuple[str, int]] | None = None
    _held_chars: int = 0
    _stretches: list[_Stretch] = field(default_factory=list)

    def put(self, text: str, taken: int) -> None:
        """Write what `taken` characters of the source became."""
        if self._held is not None:
            self._held.append((text, taken))
            self._held_chars += len(text)
            return
        same = len(text) == taken
        last = self._stretches[-1] if self._stretches else None
        if last is None or not (same and last.same):
            self._stretches.append(_Stretch(self.written, self.read, same))
        if text:
            self._fresh.append(text)
        self.written += len(text)
        self.read += taken

    def attach(self, file: Formula | TextFile) -> None:
        """Hang a file below what was written last."""
        self.attached.append(Attached(self.written, file))

    def drain(self) -> str:
        """What was written since the last time."""
        text = "".join(self._fresh)
        self._fresh.clear()
        return text

    def hold(self) -> None:
        """Hold back what is written from here on, until `release` or `drop`."""
        if self._held is None:
            self._held, self._held_chars = [], 0

    @property
    def held(self) -> int | None:
        """How many characters are held back, or None if none would be."""
        return None if self._held is None else self._held_chars

    def held_text(self, most: int) -> str:
        """The beginning of what is held back, about as long as asked for."""
        text = ""
        for piece, _ in self._held or ():
            text += piece
            if len(text) >= most:
                break
        return text

    def release(self) -> None:
        """Write what was held back."""
        held, self._held = self._held or [], None
        for text, taken in held:
            self.put(text, taken)

    def drop(self) -> int:
        """Forget what was held back; returns how much of the source it was."""
        held, self._held = self._held or [], None
        return sum(taken for _, taken in held)

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
