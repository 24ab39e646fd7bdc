"""The files of a message: before the upload, and as attachments on Discord."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.render.part import Formula, MadeFile, TextFile
from bot.render.stack import stacked, stacks

File = Formula | TextFile | MadeFile
# Draws several formulas, since each call starts a process; None for a formula that cannot be drawn.
Draw = Callable[[list[str]], Awaitable[list[bytes | None]]]

# Discord, resources/message: the description of an attachment, which screen readers read out.
DESCRIPTION_CHARS = 1024
# Drawing occupies a processor for about a second.
DRAW_AT_ONCE = 2
# Distinguishes the formulas of a reply; after a crash a formula is recognised by its name.
NAME_DIGEST_CHARS = 10


@dataclass(frozen=True, slots=True)
class Upload:
    """One file to send."""

    name: str
    data: bytes
    description: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """One attachment of a message; `file` is the uploaded file, None if it is known from Discord only."""

    id: int
    name: str
    size_bytes: int = 0
    file: File | None = None

    def shows(self, file: File) -> bool:
        """Whether this attachment is the file, as far as its name and size tell."""
        if self.file is not None:
            return self.file == file
        if isinstance(file, Formula):
            return self.name.rpartition(".")[0] == _formula_name(file)
        size_bytes = len(file.data) if isinstance(file, MadeFile) else len(file.text.encode())
        return self.name == file.name and self.size_bytes == size_bytes


class Uploads:
    """Prepares the files of a reply for sending; `on_drawn` is called whenever formulas have been drawn.

    A formula that cannot be drawn is left out: the message's text shows it too.
    """

    def __init__(self, draw: Draw | None, on_drawn: Callable[[], None]) -> None:
        self._draw = draw
        self._on_drawn = on_drawn
        self._drawn: dict[Formula, bytes | None] = {}
        self._waiting: dict[Formula, None] = {}
        self._drawing: asyncio.Task[None] | None = None

    def attachable(self, files: Sequence[File]) -> tuple[File, ...]:
        """The files that are ready, the formulas grouped; drawing the others begins."""
        texts = [file for file in files if not isinstance(file, Formula)]
        formulas = [file.tex for file in files if isinstance(file, Formula)]
        if not formulas or self._draw is None:
            return tuple(texts)
        pictures = (self._ready_of(stack) for stack in stacks(formulas))
        return (*(picture for picture in pictures if picture is not None), *texts)

    def _ready_of(self, formulas: list[str]) -> Formula | None:
        """The longest beginning of a group that is drawn."""
        begun = False
        # The drawn beginning stays while the whole group is drawn; a group that cannot be drawn is shortened.
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
        """Whether formulas are being drawn."""
        return self._drawing is not None

    def give_up(self) -> None:
        """Leave out the formulas that are not drawn yet."""
        self._drawn |= dict.fromkeys(self._waiting)
        self._waiting.clear()
        self.close()

    def close(self) -> None:
        """Stop drawing."""
        if self._drawing is not None:
            self._drawing.cancel()
            self._drawing = None

    def ready(self, files: Iterable[File]) -> tuple[Upload, ...]:
        """The uploads for files that are attachable."""
        uploads = []
        for file in files:
            if isinstance(file, TextFile):
                uploads.append(Upload(file.name, file.text.encode()))
            elif isinstance(file, MadeFile):
                uploads.append(Upload(file.name, file.data))
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
            with contextlib.suppress(OSError):  # no process can be started
                pictures = await self._draw([formula.tex for formula in batch])
            for formula, picture in zip(batch, pictures, strict=True):
                self._drawn[formula] = picture
                self._waiting.pop(formula, None)
            if not self._waiting:
                self._drawing = None
            self._on_drawn()


def bounded(draw: Draw) -> Draw:
    """Limit the concurrent calls of all replies together to DRAW_AT_ONCE."""
    room = asyncio.Semaphore(DRAW_AT_ONCE)

    async def draw_in_turn(formulas: list[str]) -> list[bytes | None]:
        async with room:
            return await draw(formulas)

    return draw_in_turn


def _formula_name(formula: Formula) -> str:
    return f"formula-{hashlib.sha256(formula.tex.encode()).hexdigest()[:NAME_DIGEST_CHARS]}"
