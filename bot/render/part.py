"""What one message of a reply should show: its text, and what hangs below it."""

from __future__ import annotations

from dataclasses import dataclass

# Discord, resources/message: attachments of one message.
FILES_MAX = 10


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula to draw and attach as a picture; `tex` is LaTeX without its delimiters."""

    tex: str


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text to attach as a file; `name` has its extension and nothing that a path could hold."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """One message, and the `files` that never change once it is complete.

    They are at most FILES_MAX, the formulas in one picture counted as one (see `stack`).
    """

    text: str
    files: tuple[Formula | TextFile, ...] = ()
