"""The files of a message on their way to Discord, and as Discord shows them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from bot.render.part import Formula, TextFile

File = Formula | TextFile
Draw = Callable[[str], Awaitable[bytes | None]]

# Discord, resources/message: the description of an attachment, read out to those who cannot see it.
DESCRIPTION_CHARS = 1024
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
    """Makes files ready for sending, ahead of the call where they are known ahead; `draw` is given TeX."""

    def __init__(self, draw: Draw | None) -> None:
        self._draw = draw
        self._drawn: dict[Formula, asyncio.Task[bytes | None]] = {}

    def prepare(self, files: Iterable[File]) -> None:
        """Begin to draw what is not drawn yet."""
        for file in files:
            if isinstance(file, Formula) and self._draw is not None and file not in self._drawn:
                self._drawn[file] = asyncio.ensure_future(self._draw(file.tex))

    async def ready(self, files: Iterable[File]) -> tuple[Upload, ...]:
        """The files, all drawn; what cannot be drawn goes as its TeX."""
        files = tuple(files)
        self.prepare(files)
        return tuple([await self._ready(file) for file in files])

    def close(self) -> None:
        """Draw nothing any more."""
        for task in self._drawn.values():
            task.cancel()

    async def _ready(self, file: File) -> Upload:
        if isinstance(file, TextFile):
            return Upload(file.name, file.text.encode())
        name = _formula_name(file)
        # Shielded: the call that waits may be given up and made again.
        drawn = await asyncio.shield(self._drawn[file]) if file in self._drawn else None
        if drawn is None:
            return Upload(f"{name}.tex", file.tex.encode())
        return Upload(f"{name}.png", drawn, file.tex[:DESCRIPTION_CHARS])


def _formula_name(formula: Formula) -> str:
    return f"formula-{hashlib.sha256(formula.tex.encode()).hexdigest()[:NAME_DIGEST_CHARS]}"
