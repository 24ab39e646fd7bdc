"""The files of a message on their way to Discord, and as Discord shows them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.render.part import Formula, TextFile
from bot.render.stack import stacked, stacks

File = Formula | TextFile
# Several formulas at once, since a process is started for them; None for each that cannot be drawn.
Draw = Callable[[list[str]], Awaitable[list[bytes | None]]]

# Discord, resources/message: the description of an attachment, read out to those who cannot see it.
DESCRIPTION_CHARS = 1024
# Drawing takes a processor for about a second.
DRAW_AT_ONCE = 2
# Tells the formulas of a reply apart; a formula is found again by its name alone.
NAME_DIGEST_CHARS = 10


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it is sent."""

    name: str
    data: bytes
    description: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """One file of a message; `file` is what was uploaded, None where only Discord tells of it."""

    id: int
    name: str
    size_bytes: int = 0
    file: File | None = None

    def shows(self, file: File) -> bool:
        """Whether this is that file, as far as can be told."""
        if self.file is not None:
            return self.file == file
        if isinstance(file, Formula):
            return self.name.rpartition(".")[0] == _formula_name(file)
        return self.name == file.name and self.size_bytes == len(file.text.encode())


class Uploads:
    """Makes the files of a reply ready for sending; `on_drawn` is called whenever some formulas have been drawn.

    A formula that cannot be drawn is left out: the text of its message says it, too.
    """

    def __init__(self, draw: Draw | None, on_drawn: Callable[[], None]) -> None:
        self._draw = draw
        self._on_drawn = on_drawn
        self._drawn: dict[Formula, bytes | None] = {}
        self._waiting: dict[Formula, None] = {}
        self._drawing: asyncio.Task[None] | None = None

    def attachable(self, files: Sequence[File]) -> tuple[File, ...]:
        """Those of the files that are ready, the formulas stacked; the others are being drawn from now on."""
        texts = [file for file in files if isinstance(file, TextFile)]
        formulas = [file.tex for file in files if isinstance(file, Formula)]
        if not formulas or self._draw is None:
            return tuple(texts)
        pictures = (self._ready_of(stack) for stack in stacks(formulas))
        return (*(picture for picture in pictures if picture is not None), *texts)

    def _ready_of(self, formulas: list[str]) -> Formula | None:
        """As much of a stack as is drawn."""
        begun = False
        # While another is added to the picture it stays as it is; what is too much for one picture is less at last.
        for count in range(len(formulas), 0, -1):
            stack = Formula(stacked(formulas[:count]))
            if stack not in self._drawn:
                if not begun:
                    self._begin(stack)
                begun = True
            elif self._drawn[stack] is not None:
                return stack
        return None

    @property
    def pending(self) -> bool:
        """Whether something is being drawn."""
        return self._drawing is not None

    def give_up(self) -> None:
        """Leave out what is not drawn yet."""
        self._drawn |= dict.fromkeys(self._waiting)
        self._waiting.clear()
        self.close()

    def close(self) -> None:
        """Draw nothing any more."""
        if self._drawing is not None:
            self._drawing.cancel()
            self._drawing = None

    def ready(self, files: Iterable[File]) -> tuple[Upload, ...]:
        """What to send for files that are attachable."""
        uploads = []
        for file in files:
            if isinstance(file, TextFile):
                uploads.append(Upload(file.name, file.text.encode()))
            elif (picture := self._drawn.get(file)) is not None:
                description = file.tex[:DESCRIPTION_CHARS]
                uploads.append(Upload(f"{_formula_name(file)}.png", picture, description))
        return tuple(uploads)

    def _begin(self, formula: Formula) -> None:
        self._waiting[formula] = None
        if self._drawing is None:
            self._drawing = asyncio.ensure_future(self._draw_all())

    async def _draw_all(self) -> None:
        while self._waiting and self._draw is not None:
            batch = list(self._waiting)
            pictures: list[bytes | None] = [None] * len(batch)
            with contextlib.suppress(OSError):  # the machine has nothing left to draw with
                pictures = await self._draw([formula.tex for formula in batch])
            for formula, picture in zip(batch, pictures, strict=True):
                self._drawn[formula] = picture
                self._waiting.pop(formula, None)
            if not self._waiting:
                self._drawing = None
            self._on_drawn()


def bounded(draw: Draw) -> Draw:
    """The same, for all replies of a bot together: no more at once than DRAW_AT_ONCE."""
    room = asyncio.Semaphore(DRAW_AT_ONCE)

    async def draw_in_turn(formulas: list[str]) -> list[bytes | None]:
        async with room:
            return await draw(formulas)

    return draw_in_turn


def _formula_name(formula: Formula) -> str:
    return f"formula-{hashlib.sha256(formula.tex.encode()).hexdigest()[:NAME_DIGEST_CHARS]}"
