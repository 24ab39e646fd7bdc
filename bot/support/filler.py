"""Replaces a text by filler of the same shape, so that programs treat both alike and nothing of the content is left.

Lengths, lines, blanks, punctuation, Markdown, and the case and script of letters stay. Each word becomes another word
of the same length, each digit another digit, and each id another id, the same wherever it stands. Words can also be
written in vowel signs, emoji, symbols and invisible characters: each becomes another character of its class. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import count

WORDS = (
    "a i",
    "of to in it is be as at so we",
    "the and for are but not you all any can",
    "that with have this will your from they know want",
    "would there their about which could other after first think",
    "people should before little number always follow system though second",
    "another between through because without nothing example general program several",
    "question together children possible anything business national interest",
    "different important something following community education",
    "everything government technology understand themselves particular",
)
"""Common words by length, from one letter on: they take about as many tokens as the words that they replace."""

BY_LENGTH = tuple(tuple(line.split()) for line in WORDS)

KEPT_WORDS = frozenset(
    {
        "http", "https", "ftp", "www", "bash", "c", "cpp", "css", "diff", "go", "html", "ini",
        "java", "javascript", "js", "json", "kotlin", "lua", "makefile", "md", "php", "py",
        "python", "rb", "ruby", "rust", "sh", "sql", "swift", "toml", "ts", "typescript", "xml",
        "yaml", "yml",
    }
)  # fmt: skip
"""The schemes of links, and the languages of code blocks, that are not replaced there."""

TAGS = frozenset(
    {
        "message", "quote", "said", "file", "attachment", "consulted", "poll", "option", "embed",
        "sticker", "note", "thread_title", "tool_result",
    }
)  # fmt: skip
"""The elements of a request that render messages (`conversation/elements`)."""

ATTRIBUTES = frozenset(
    {
        "author", "from", "at", "name", "of", "question", "remark", "seconds", "shown", "state", "tags", "text",
        "title", "type", "url", "username", "votes",
    }
)  # fmt: skip
"""The attributes of these elements."""

SIGNS = (
    ("\u2460", "\u24ff"),  # letters and numbers in circles
    ("\u2600", "\u27bf"),  # symbols and dingbats
    ("\u2800", "\u28ff"),  # Braille
    ("\ue000", "\uf8ff"),  # private use
    ("\ufe00", "\ufe0d"),  # selectors of variants, besides those of text and emoji
    ("\U000e0001", "\U000e007f"),  # tags: invisible letters
    ("\U000e0100", "\U000e01ef"),  # more selectors
    ("\U000f0000", "\U0010fffd"),  # private use
)
"""Ranges of characters other than letters in which a text can be written; the first character replaces all."""

CLASSES = (("\U0001f1e6", "\U0001f1ff"), ("\U0001f3fb", "\U0001f3ff"))
"""Ranges of emoji that combine with others: the letters of flags, and skin tones; the first replaces all."""

_SPECIAL = re.compile(
    r"(?P<fence>^ {0,3}(?:```|~~~)\w+$)|(?P<scheme>\b[a-z]+(?=://))|(?P<tag></?\w+(?=[\s>]))|(?P<attribute>\b[a-z]+(?==\"))|(?P<id>\d{15,20})"
    r"|(?P<word>[A-Za-z]+)|(?P<digits>\d+)|(?P<letter>[^\W\d_])|(?P<picture>[\U0001F000-\U0001FAFF])"
    rf"|(?P<sign>[{''.join(first + '-' + last for first, last in SIGNS)}])"
    r"|(?P<other>[^\x00-\x7f])",
    re.MULTILINE,
)

LETTERLIKE = frozenset({"Mn", "Mc", "So"})
"""The Unicode categories, besides letters, in which words or their vowels are written."""

KEPT_MARKS = frozenset("\ufe0e\ufe0f")
"""The variation selectors for text and emoji."""

BLOCK = 64
"""The size of a range of code points in which letters of one script mostly stand."""


class Filler:
    """Makes filler; an id becomes the same other id in all texts."""

    def __init__(self) -> None:
        self._ids: dict[int, int] = {}
        self._turns = count()

    def id(self, snowflake: int) -> int:
        """Return the id that replaces an id; the new ids ascend in the order of the first calls."""
        return self._ids.setdefault(snowflake, FIRST_ID + (len(self._ids) << 22))

    def text(self, text: str) -> str:
        """Return filler for a text."""
        return _SPECIAL.sub(self._replaced, text)

    def _replaced(self, found: re.Match[str]) -> str:
        kind, text = str(found.lastgroup), found[0]
        return _MAKERS[kind](self, text)

    def _fence(self, text: str) -> str:
        marker = text[: len(text) - len(text.lstrip(" `~"))]
        language = text[len(marker) :]
        return text if language.lower() in KEPT_WORDS else marker + self.text(language)

    def _scheme(self, text: str) -> str:
        return text if text in KEPT_WORDS else self._word(text)

    def _tag(self, text: str) -> str:
        name = text.lstrip("</")
        return text if name in TAGS else text[: len(text) - len(name)] + self.text(name)

    def _attribute(self, text: str) -> str:
        return text if text in ATTRIBUTES else self._word(text)

    def _id(self, text: str) -> str:
        return str(self.id(int(text))).zfill(len(text))[-max(len(text), 19) :]

    def _word(self, text: str) -> str:
        made = "".join(self._words(text.lower(), len(text)))
        return "".join(new.upper() if old.isupper() else new for old, new in zip(text, made, strict=True))

    def _words(self, text: str, length: int) -> Iterator[str]:
        """Yield words with `length` letters in all, none of which stands in the text."""
        while length > 0:
            size = min(length, len(BY_LENGTH))
            among = [word for word in BY_LENGTH[size - 1] if word not in text] or ["x" * size, "y" * size]
            word = among[next(self._turns) % len(among)]
            yield word if word not in text else "z" * size
            length -= size

    def _digits(self, text: str) -> str:
        return "".join(str((int(each) + 1 + next(self._turns) % 9) % 10) for each in text)

    def _letter(self, text: str) -> str:
        among = _similar_letters(text)
        return among[next(self._turns) % len(among)]

    def _picture(self, text: str) -> str:
        return _first_of(CLASSES, text) or "\N{SLIGHTLY SMILING FACE}"

    def _sign(self, text: str) -> str:
        is_punctuation = unicodedata.category(text)[0] == "P"  # such as the ornamental brackets
        return text if is_punctuation else _first_of(SIGNS, text)

    def _other(self, text: str) -> str:
        is_kept = text in KEPT_MARKS or unicodedata.category(text) not in LETTERLIKE
        return text if is_kept else self._letter(text)


FIRST_ID = 1_000_000_000_000_000_000
"""Has as many digits as Discord's ids have today."""

_MAKERS: dict[str, Callable[[Filler, str], str]] = {
    "fence": Filler._fence,
    "scheme": Filler._scheme,
    "tag": Filler._tag,
    "attribute": Filler._attribute,
    "id": Filler._id,
    "word": Filler._word,
    "digits": Filler._digits,
    "letter": Filler._letter,
    "picture": Filler._picture,
    "sign": Filler._sign,
    "other": Filler._other,
}


def _first_of(ranges: Sequence[tuple[str, str]], sign: str) -> str:
    """Return the first character of the range that holds `sign`, "" if none does."""
    return next((first for first, last in ranges if first <= sign <= last), "")


@lru_cache(maxsize=2000)
def _similar_letters(letter: str) -> tuple[str, ...]:
    """Return other letters of the same block, category and direction that take as many bytes."""
    first = ord(letter) // BLOCK * BLOCK
    near = (chr(code) for code in range(first, first + BLOCK) if not 0xD800 <= code < 0xE000)

    def kind(each: str) -> tuple[object, ...]:
        return (unicodedata.category(each), unicodedata.bidirectional(each), len(each.encode()))

    return tuple(each for each in near if each != letter and kind(each) == kind(letter)) or ("x",)
