"""HTML elements and entities as Markdown."""

from __future__ import annotations

import html
import re

from bot.render.restyle.literal import as_code, escaped
from bot.render.restyle.scripts import subscript, superscript

# Longer text is no tag and no entity.
TAG_MAX_CHARS = 300
# Limit of the text held back until the end of an element that is replaced as a whole.
ELEMENT_MAX_CHARS = 600

# Limit of the text held back until the end of an element that sets a style.
SPAN_MAX_CHARS = 300

MARKERS = {
    **dict.fromkeys(("b", "strong", "mark", "summary", "h4", "h5", "h6", "dt", "th"), "**"),
    **dict.fromkeys(("i", "em", "var", "cite", "dfn"), "*"),
    **dict.fromkeys(("u", "ins"), "__"),
    **dict.fromkeys(("s", "del", "strike"), "~~"),
}
HEADINGS = {"h1": "# ", "h2": "## ", "h3": "### ", "li": "- "}
# Tags without an equivalent in Discord; their text is kept.
SILENT = frozenset(
    [
        "p",
        "div",
        "span",
        "center",
        "font",
        "details",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "nav",
        "small",
        "big",
        "ul",
        "ol",
        "dl",
        "dd",
        "abbr",
        "q",
        "bdi",
        "bdo",
        "figure",
        "figcaption",
        "nobr",
        "wbr",
        "label",
        "picture",
        "h1",
        "h2",
        "h3",
        "li",
    ]
)
# Elements that are replaced as a whole.
CODE = frozenset(("code", "kbd", "samp", "tt"))
WHOLE = CODE | {"sub", "sup", "a"}
BREAKS = frozenset(("br", "hr", "img"))
# Elements within a line; the other silent elements are blocks.
_SPANS = frozenset(("span", "font", "small", "big", "abbr", "q", "bdi", "bdo", "nobr", "wbr", "label"))
BLOCKS = (SILENT - _SPANS) | {"summary", "dt", "h4", "h5", "h6"}
KNOWN = frozenset(("pre", *MARKERS, *HEADINGS, *SILENT, *WHOLE, *BREAKS))

_ATTRIBUTE = r"(?:\s+[A-Za-z][\w:-]*(?:\s*=\s*(?:\"[^\"<>\n]*\"|'[^'<>\n]*'|[^\s\"'<>=`]+))?)"
TAG = re.compile(rf"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<attributes>{_ATTRIBUTE}*)\s*/?>")
_TAG_BEGUN = re.compile(r"<(?:/?(?P<name>[A-Za-z][A-Za-z0-9]*)?(?P<rest>[\s/][^<>\n]*)?)?")
_BARE = re.compile(r"\s([A-Za-z][\w:-]*)(?=\s|\Z)(?!\s*=)")
_QUOTED = re.compile(r"=\s*(?:\"[^\"]*\"|'[^']*')")
# Attributes that need no value.
_BOOLEAN = frozenset(
    ("open", "hidden", "reversed", "noshade", "download", "ismap", "inert", "nowrap", "compact")
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ENTITY_BEGUN = re.compile(r"&(?:#(?:[0-9]{0,7}|[xX][0-9a-fA-F]{0,6})|[A-Za-z][A-Za-z0-9]{0,30})?")
_VALUE = r"\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s\"'>]+))"
_VALUES = {name: re.compile(rf"\b{name}{_VALUE}", re.IGNORECASE) for name in ("href", "src", "alt")}
# Closing tags of the elements of WHOLE. Not searched with lower(), which turns some letters into two and so moves
# positions.
CLOSINGS = {name: re.compile(rf"</{name}>", re.IGNORECASE) for name in WHOLE}


def may_be_tag(text: str) -> bool:
    """Whether the text of one line that begins with `<` may become a known tag."""
    begun = _TAG_BEGUN.fullmatch(text)
    if begun is None or len(text) > TAG_MAX_CHARS:
        return False
    name = (begun["name"] or "").lower()
    if begun["rest"]:
        return name in KNOWN
    return any(known.startswith(name) for known in KNOWN)


def is_markup(tag: re.Match[str]) -> bool:
    """Whether a known tag is written as HTML: code and prose have similar text, such as `<b and c>`."""
    name = tag["name"]
    if name.lower() not in BREAKS and (tag.group().endswith("/>") or not (name.islower() or name.isupper())):
        return False
    bare = _BARE.findall(_QUOTED.sub("=x", tag["attributes"]))
    return all(attribute.lower() in _BOOLEAN for attribute in bare)


def attribute(attributes: str, name: str) -> str:
    """The value of an attribute; empty if there is none."""
    found = _VALUES[name].search(attributes)
    return html.unescape(found["double"] or found["single"] or found["bare"] or "") if found else ""


def element(name: str, attributes: str, inside: str) -> str:
    """An element of WHOLE as Markdown; `inside` is already restyled, except code."""
    if name == "a":
        address = attribute(attributes, "href")
        if not address.startswith(("http://", "https://")) or not inside.strip():
            return inside
        return f"[{inside}]({address})"
    if name in ("sub", "sup"):
        script = subscript(inside) if name == "sub" else superscript(inside)
        mark = "\\_" if name == "sub" else "^"
        return script or (f"{mark}({inside})" if inside else "")
    return as_code(html.unescape(inside))


def entity(text: str, at: int, end: int, *, final: bool) -> tuple[str, int] | None:
    """The character of an entity at `at` and the position behind it; `&` if there is no entity.

    None if that is not certain yet.
    """
    found = _ENTITY.match(text, at, end)
    if found is None:
        begun = _ENTITY_BEGUN.fullmatch(text, at, end)
        return ("&", at + 1) if begun is None or final else None
    char = html.unescape(found.group())
    if char == found.group() or not all(one.isprintable() or one == "\u00a0" for one in char):
        return found.group(), found.end()
    return (escaped(char) if char not in "<>[]()" else "\\" + char), found.end()
