"""The intended content of one message: text and attachments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# Discord, resources/message: attachments of one message.
FILES_MAX = 10

OF_TEXT = re.compile(r"code(?:-\d+)?\.[^.]+|reply\.md|formula-[0-9a-f]{10}\.\w+")
"""The names of the files that the text of a reply is attached as; no other file of a reply has such a name."""


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
class MadeFile:
    """A file that the model's code has made; it comes with the end of the reply. `name` is one that Discord keeps."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Part:
    """One message; its `files` do not change after the message is complete.

    At most FILES_MAX attachments: formulas in one picture count as one (see `stack`).
    """

    text: str
    files: tuple[Formula | TextFile | MadeFile, ...] = ()
