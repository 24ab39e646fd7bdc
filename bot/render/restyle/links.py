"""Show images, badges and reference links, which Discord does not know, as links or text.

The functions return the text that shows the construct and the position behind it, only the first character if there
is no such construct, or None if that is not certain yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# Stands for an image without alternative text.
PICTURE = "🖼️"
# Limit of the text held back because it may become an image.
_IMAGE_MAX_CHARS = 200
_BADGE_MAX_CHARS = 500

_IMAGE = re.compile(r"!\[([^\[\]\n]*)\]\(")
_IMAGE_BEGUN = re.compile(r"!\[[^\[\]\n]*\]?")
_BADGE = re.compile(r"\[!\[([^\[\]\n]*+)\]\(([^\s()]*+)[^()\n]*+\)\]\(([^\s()]*+)[^()\n]*+\)")
_BADGE_BEGUN = re.compile(r"\[(?:!(?:\[[^\[\]\n]*(?:\](?:\([^()\n]*(?:\)(?:\](?:\([^()\n]*)?)?)?)?)?)?)?")
_REFERENCE = re.compile(r"\[([^\[\]\n]+)\]\[([^\[\]\n]*)\]")
_REFERENCE_BEGUN = re.compile(r"\[[^\[\]\n]{0,150}(?:\](?:\[[^\[\]\n]{0,60})?)?")


def image(text: str, at: int, end: int, *, final: bool) -> tuple[str, int] | None:
    """Turn the beginning of an image, whose `![` is at `at`, into the beginning of a link."""
    found = _IMAGE.match(text, at, end)
    if found is not None:
        return ("[" if found[1].strip() else f"[{PICTURE}"), at + 2
    begun = end - at <= _IMAGE_MAX_CHARS and _IMAGE_BEGUN.fullmatch(text, at, end)
    return None if begun and not final else ("!", at + 1)


def bracketed(
    text: str, at: int, end: int, references: Mapping[str, str], *, final: bool
) -> tuple[str, int] | None:
    """Text for the bracket at `at`; `references` maps link labels in lower case to addresses."""
    badge = _BADGE.match(text, at, end)
    if badge is not None:
        alt, picture, address = badge.groups()
        return f"[{alt or PICTURE}]({address}) ([{PICTURE}]({picture}))", badge.end()
    reference = _REFERENCE.match(text, at, end) if references else None
    if reference is not None and (address := references.get((reference[2] or reference[1]).lower(), "")):
        return f"[{reference[1]}]({address})", reference.end()
    begun = not final and _may_be_bracketed(text, at, end, references)
    return None if begun else ("[", at + 1)


def _may_be_bracketed(text: str, at: int, end: int, references: Mapping[str, str]) -> bool:
    if at + 1 == end:
        return True
    if end - at <= _BADGE_MAX_CHARS and _BADGE_BEGUN.fullmatch(text, at, end):
        return True
    return bool(references and _REFERENCE_BEGUN.fullmatch(text, at, end))
