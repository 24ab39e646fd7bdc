"""Which characters are visible: the one definition for all text that comes in; pure.

Invisible are separators, controls, format characters, default ignorable code points (Unicode, DerivedCoreProperties,
"Default_Ignorable_Code_Point") and a few characters with an empty glyph. The tests compare the table with Unicode.
"""

from __future__ import annotations

import re
import unicodedata

_SPACES = r"\x20\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_CONTROLS = r"\x00-\x1f\x7f-\x9f\ud800-\udfff"
_IGNORABLE = (
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_FORMATS = r"\ufff9-\ufffb\U00013430-\U0001343f"
"""Annotations and hieroglyphic joiners: of category Cf, not ignorable, and blank by themselves."""

_BLANK = r"\u2800\U00016fe4\U0001d159"
"""The empty Braille cell, the Khitan filler and the null notehead: characters whose glyph is empty."""

_VISIBLE = re.compile(f"[^{_SPACES}{_CONTROLS}{_IGNORABLE}{_FORMATS}{_BLANK}]")
_HIDDEN = re.compile(f"[{_CONTROLS}{_IGNORABLE}{_FORMATS}{_BLANK}]+")
_GAPS = re.compile(f"[{_SPACES}\\t\\n\\r\\x0b\\x0c\\x85]+")

# Of the invisible characters, a text keeps those that scripts and emoji need: joiners behind characters that are not
# ASCII, flags of regions, variation selectors, soft hyphens, and the marks of direction that override nothing.
_FLAG = r"\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f"
_FOREIGN = re.compile(
    rf"(?P<flag>{_FLAG})"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u202d\u202e\u206a-\u206f\u2061-\u2064\ufeff\ufff0-\ufffb"
    r"\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]+"
    r"|(?<![^\x00-\x7f])[\u200b-\u200d\u2060]+"
)

_OPENING = re.compile("[<\uff1c\ufe64\u2039\u3008\u2329\u27e8]")
"""The character that begins an element, and those that look like it."""

_SLASHES = ("/", "\u2044", "\u2215")
ELEMENTS = ("message", "summary", "file", "quote", "said", "poll", "embed", "thread_title")


def is_blank(text: str) -> bool:
    """Say whether a text has no visible character."""
    return _VISIBLE.search(text) is None


def plain(name: str) -> str:
    """Return a name on one line without invisible characters; empty if nothing is left."""
    return _GAPS.sub(" ", _HIDDEN.sub("", _GAPS.sub(" ", name))).strip(" ")


def readable(text: str) -> str:
    """Return a text without the invisible characters that neither a script nor an emoji needs; lines stay."""
    if text.isascii() and text.isprintable():
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _FOREIGN.sub(lambda found: found["flag"] or "", lines)


def unforged(text: str) -> str:
    """Return a text in which nothing can be read as an element of a request, however it is disguised."""
    return _OPENING.sub(lambda found: "&lt;" if _begins_element(text, found.end()) else found[0], text)


def _begins_element(text: str, start: int) -> bool:
    """Read on as a careless reader would: skip invisible characters, take wide letters for plain ones.

    The scan ends at the first visible character that fits no element, so that no part of a text is read twice.
    """
    name = ""
    for at in range(start, len(text)):
        char = text[at]
        if _VISIBLE.match(char) is None:
            if name in ELEMENTS and (char.isspace() or char == "\x85"):
                return True
            if char.isspace() and name:
                return False
            continue
        folded = unicodedata.normalize("NFKC", char).casefold()
        if name in ELEMENTS:
            return not (folded.isalnum() or folded == "_")
        if not name and folded in _SLASHES:
            continue
        name += folded
        if not any(element.startswith(name) for element in ELEMENTS):
            return False
    return name in ELEMENTS
