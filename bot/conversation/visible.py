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

_MARKS = re.compile(
    r"[\x85\xa0\u061c\u1680\u2000-\u200a\u200e\u200f\u2028\u2029\u202f\u205f\u2066-\u2069\u3000]"
)
"""The further characters that a reader cannot tell from a space or from nothing."""

_OPENING = re.compile(
    "[<\u02c2\u1438\u16b2\u2039\u227a\u22d6\u2329\u276c\u276e\u2770\u27e8\u29fc\u3008\ufe64\uff1c\U0001d236]"
)
"""The character that begins an element, and those that look like it (Unicode, "confusables.txt", and brackets)."""

_CLOSING_LETTER = "\u1433"
"""A letter that looks like the end of an element."""

_SLASHES = ("/", "\\", "\u2044", "\u2215", "\u2571", "\u29f8")
ELEMENTS = (
    "message",
    "summary",
    "file",
    "quote",
    "said",
    "poll",
    "embed",
    "transcript",
    "thread_title",
    "attachment",
    "sticker",
    "consulted",
)

_ALIKE = (
    # Cyrillic
    str.maketrans(
        "\u0430\u0435\u0456\u043a\u043c\u043e\u0440\u0441\u0455\u0442\u0443\u0445\u0501\u04bb\u04cf\u051b",
        "aeikmopcstyxdhlq",
    )
    # Greek
    | str.maketrans("\u03b1\u03b5\u03b9\u03ba\u03bc\u03bf\u03c1\u03c4\u03c5\u03c7", "aeikmoptux")
    # Armenian
    | str.maketrans("\u0578\u057d\u0585", "nuo")
    # Latin: without a dot, of handwriting, and small capitals
    | str.maketrans("\u0131\u0251\u0261", "iag")
    | str.maketrans(
        "\u1d00\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0b\u029f\u1d0d\u0274\u1d0f\u1d18\ua7af\u0280\ua731\u1d1b\u1d1c\u028f",
        "acdefghiklmnopqrstuy",
    )
)
"""The letters that look like those of the elements' names (Unicode, "confusables.txt")."""


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


def revealed(text: str) -> str:
    """Return a text with its invisible characters by number, for people who check it; lines and emoji stay."""
    if text.isascii() and text.isprintable():
        return text
    named = _FOREIGN.sub(lambda found: found["flag"] or "".join(map(_number, found[0])), text)
    return _MARKS.sub(lambda found: _number(found[0]), named)


def _number(char: str) -> str:
    return f"\u27e8U+{ord(char):04X}\u27e9"


def unforged(text: str) -> str:
    """Return a text in which nothing can be read as an element of a request, however it is disguised."""
    return _OPENING.sub(lambda found: "&lt;" if _begins_element(text, found.end()) else found[0], text)


def _begins_element(text: str, start: int) -> bool:
    """Read on as a careless reader would: skip invisible characters and accents, take look-alikes for plain letters.

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
        folded = _folded(char)
        if not folded:
            continue
        if name in ELEMENTS:
            return not (folded.isalnum() or folded == "_") or char == _CLOSING_LETTER
        if not name and folded in _SLASHES:
            continue
        name += folded
        if not any(element.startswith(name) for element in ELEMENTS):
            return False
    return name in ELEMENTS


def _folded(char: str) -> str:
    """Return the plain letters that a character looks like; nothing for an accent."""
    parts = unicodedata.normalize("NFKD", char)
    bare = "".join(part for part in parts if not unicodedata.category(part).startswith("M"))
    return bare.casefold().translate(_ALIKE)
