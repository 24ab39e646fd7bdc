"""Whole drafts, and what must hold for each of their messages."""

from __future__ import annotations

from itertools import pairwise

from bot.render.draft import Draft
from bot.render.part import Formula, Part, TextFile
from bot.render.stack import stacks
from bot.render.style import Style


def draft_of(
    text: str, cuts: list[int] | None = None, limit: int = 2000, style: Style | None = None
) -> Draft:
    draft = Draft(limit, style)
    places = [0, *sorted(place % (len(text) + 1) for place in cuts or ()), len(text)]
    for start, end in pairwise(places):
        draft.push(text[start:end])
    draft.finish()
    return draft


def count_files(part: Part) -> int:
    """How many attachments it is, its formulas drawn in as few pictures as hold them."""
    pictures = stacks(file.tex for file in part.files if isinstance(file, Formula))
    return len(pictures) + sum(isinstance(file, TextFile) for file in part.files)
