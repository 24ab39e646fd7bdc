"""A strict reader of what Claude is sent, which knows nothing of how the bot renders it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

CONTAINERS = ("message", "said", "quote", "poll", "embed", "file", "transcript", "summary")
EMPTY = ("attachment", "sticker", "answer")
INSIDE = {
    "": ("message", "quote", "file", "transcript", "summary", "attachment"),
    "message": ("poll", "embed", "attachment", "sticker"),
    "said": ("poll", "embed", "attachment", "sticker"),
    "quote": ("said",),
    "poll": ("answer",),
}
_TAG = re.compile(
    r'<(?:(?P<closed>/)(?P<closes>[a-z_]+)|(?P<opens>[a-z_]+)(?P<attributes>(?: [a-z]+="[^"<>\n]*")*)(?P<empty>/)?)>'
)
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"<>\n]*)"')
_ENTITY = re.compile(r"&(amp|lt|gt|quot);")
_CHARS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"'}
_NAMES = (*CONTAINERS, "attachment", "sticker", "thread_title")
_ANY_TAG = re.compile(rf"<[/\\⁄∕╱]*(?:{'|'.join(_NAMES)})(?![a-z0-9_])")


@dataclass
class Element:
    """An element; its `content` are its elements and the lines between them."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    content: list[Element | str] = field(default_factory=list)

    @property
    def elements(self) -> list[Element]:
        """The elements within."""
        return [each for each in self.content if isinstance(each, Element)]

    @property
    def text(self) -> str:
        """The lines within."""
        return "\n".join(each for each in self.content if isinstance(each, str))


def parse(text: str) -> Element:
    """Read elements, each tag on a line of its own; raises AssertionError for anything that is not well-formed."""
    root = Element("")
    stack = [root]
    for line in text.split("\n"):
        found = _TAG.fullmatch(line)
        name = (found["opens"] or found["closes"]) if found else None
        if (
            found is None
            or name not in (*CONTAINERS, *EMPTY)
            or (name == "answer" and stack[-1].name != "poll")
        ):
            assert stack[-1].name, f"a line outside of all elements: {line!r}"
            assert not careless_tags(line), f"a line that looks like an element: {line!r}"
            stack[-1].content.append(line)
        elif found["closed"]:
            assert stack.pop().name == name, f"{line!r} closes another element"
        else:
            assert name in INSIDE.get(stack[-1].name, ()), f"{name} within {stack[-1].name!r}"
            pairs = _ATTRIBUTE.findall(found["attributes"])
            assert len(dict(pairs)) == len(pairs), f"an attribute twice: {line!r}"
            element = Element(name, {key: unescaped(value) for key, value in pairs})
            assert not careless_tags(found["attributes"]), (
                f"an attribute that looks like an element: {line!r}"
            )
            stack[-1].content.append(element)
            assert bool(found["empty"]) == (name in EMPTY), line
            if not found["empty"]:
                stack.append(element)
    assert len(stack) == 1, f"{stack[-1].name!r} is not closed"
    return root


def unescaped(value: str) -> str:
    """Return the text of an attribute."""
    return _ENTITY.sub(lambda found: _CHARS[found[1]], value)


def careless_tags(text: str) -> list[str]:
    """Return what a reader who overlooks disguises takes for an element."""
    shown = "".join(
        char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char)[0] in "LNPS"
    )
    return _ANY_TAG.findall("".join(_look(char) for char in shown))


def _look(char: str) -> str:
    """Return the Latin letter or the bracket that a character looks like, by its name in Unicode."""
    name = unicodedata.name(char, "")
    if char in "\u02c2\u1438\u2039\u227a\u22d6\u2329\u276c\u276e\u2770\u27e8\u3008":
        return "<"
    foreign = re.fullmatch(
        r"(?:CYRILLIC|GREEK|LATIN) (?:SMALL LETTER|CAPITAL LETTER|LETTER SMALL CAPITAL) (\w+)", name
    )
    letters = {"IE": "e", "ES": "c", "ER": "p", "DZE": "s", "ALPHA": "a", "EPSILON": "e", "MU": "m"}
    letters |= {"BYELORUSSIAN": "i", "OMICRON": "o", "TAU": "t"}
    if foreign:
        return letters.get(foreign[1], foreign[1].lower() if len(foreign[1]) == 1 else char.casefold())
    return "i" if "BYELORUSSIAN-UKRAINIAN I" in name else char.casefold()
