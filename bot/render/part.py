"""The intended content of one message: text and attachments."""

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
    """A text to attach as a file; `name` has an extension and no path separator."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """One message; its `files` do not change after the message is complete.

    At most FILES_MAX attachments: formulas in one picture count as one (see `stack`).
    """

    text: str
    files: tuple[Formula | TextFile, ...] = ()
