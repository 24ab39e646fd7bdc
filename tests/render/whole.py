"""Whether a reply is whole in its messages: nothing of it missing, nothing torn apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from bot.render.layout import Layout, Piece
from bot.render.measure import is_visible
from bot.render.part import Formula, Part, TextFile

# Longer ones are cut.
_WORD = re.compile(r"(?<![^\W_])[^\W_]{2,99}(?![^\W_])")
# What is markup in the source, and no word of it.
_MARKUP = re.compile(
    r"</?[a-z]+\b|\b(?:align|class|src|alt|href|title)=|\"center\"|'x'|&[a-z]+;|\\[A-Za-z]+|\[\^\d+\]|"
    r"^(?:```|~~~|> ?|\s)+(?:math|latex)|"
    r"\{p?matrix\}|\$[^$]*\$",
    re.MULTILINE,
)


def lay_out(text: str, cuts: list[int], limit: int) -> Layout:
    """A finished draft of the text, pushed in deltas cut at the places."""
    draft = Layout(limit)
    places = [0, *sorted(place % (len(text) + 1) for place in cuts), len(text)]
    for start, end in pairwise(places):
        draft.push(text[start:end])
    draft.finish()
    return draft


def put_together(text: str, pieces: tuple[Piece, ...]) -> str | None:
    """Why the bodies of the pieces are not the reply, or None if they are.

    Between two of them blanks may be missing, and the marks of empty lines of a quote.
    """
    at = 0
    for index, piece in enumerate(pieces):
        found = text.find(piece.body, at)
        if found < 0:
            return f"part {index} is not in the reply"
        gap = text[at:found]
        if re.match(r"[> ]*(?:`{3,}|~{3,})", piece.opening):
            if gap not in ("", "\n"):
                return f"before part {index}, code is missing: {gap!r}"
        elif is_visible(gap.replace(">", "")):
            return f"before part {index}, text is missing: {gap!r}"
        at = found + len(piece.body)
    rest = text[at:]
    return f"the end is missing: {rest!r}" if is_visible(rest.replace(">", "")) else None


def missing_words(text: str, parts: Sequence[Part]) -> list[str]:
    """The words of the reply that are neither in the messages nor in the files."""
    shown = "\n".join(part.text for part in parts)
    for part in parts:
        for file in part.files:
            shown += "\n" + (
                file.text if isinstance(file, TextFile) else file.tex if isinstance(file, Formula) else ""
            )
    shown += "\n" + unicodedata.normalize("NFKC", shown)
    found = set(_WORD.findall(shown))
    joined = "".join(_WORD.findall(shown))
    return [
        word for word in _WORD.findall(_MARKUP.sub(" ", text)) if word not in found and word not in joined
    ]
