"""What Discord's client makes of a message: a small reader of its own, by the rules as they are publicly known.

The client's parser is a fork of Khan Academy's simple-markdown: at each place it tries its rules in order, and what
none of them takes is text. The patterns are those that several independent parsers agree on (brussell98's and
ItzDerock's discord-markdown parsers, PluralKit's issue 507). Nothing here is shared with the bot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLOCK = re.compile(r"```(?:([A-Za-z0-9_+\-.#]+?)\n)?\n*([^\n][\s\S]*?)\n*```")
_QUOTE = re.compile(r" *> [^\n]*(?:\n *> [^\n]*)*\n?")
_QUOTE_MARK = re.compile(r"^ *> ?", re.MULTILINE)
_LINE_LEAD = re.compile(r" *(?:(?:[-*]|\d+\.) +(?=\S))?(?:#{1,3} +(?=\S)|-# +(?=\S))?")
_ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
_AUTOLINK = re.compile(r"<(?:https?://[^\s<>]+|(?:@[!&]?|#|a?:\w+:)\d+)>")
_URL = re.compile(r"https?://[^\s<]+[^<.,:;\"')\]\s*]")
_LINK = re.compile(
    r"\[((?:\\.|\[[^\[\]\n]*\]|[^\[\]\\])+)\]\(<?https?://(?:[^\s()<>]|\([^\s()<>]*\))+>?(?: +\"[^\"\n]*\")?\)"
)
_SPAN = re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)")
# Of these the one that takes most is chosen. They see nothing of what stands before: a name's own `_` begins one
# where another one that ends a word follows (`MY_VAR, foo_`).
_EMPHASIS = {
    "em": re.compile(
        r"_((?:__|\\[\s\S]|[^\\_])+?)_(?![A-Za-z0-9_])"
        r"|\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"
    ),
    "strong": re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)"),
    "u": re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)"),
}
_OTHERS = {"s": re.compile(r"~~([\s\S]+?)~~(?!_)"), "spoiler": re.compile(r"\|\|([\s\S]+?)\|\|")}
# Where another rule than that of plain text may begin.
_SPECIAL = re.compile(r"[\\`<\[*_~|\n]|https?://")
_MARKERS = re.compile(r"\*+|~~|\|\||`+|\]\(|(?m:^ *>)")
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Token:
    """Something that a reader sees: `kind` is `text`, `escaped`, `link`, `code`, `block`, or the name of a style.

    `text` is what it holds; of a style and of a quote it is what stands within. `language` is that of a block.
    """

    kind: str
    text: str
    language: str = ""
    inside: tuple[Token, ...] = ()


def read(content: str) -> tuple[Token, ...]:
    """What a message shows, in order."""
    return tuple(_tokens(content.replace("\r\n", "\n"), begins=True, quoted=False, depth=0))


def every(tokens: tuple[Token, ...]) -> Iterator[Token]:
    """The tokens, and what stands within them."""
    for token in tokens:
        yield token
        yield from every(token.inside)


def code_blocks(content: str) -> list[tuple[str, str]]:
    """The language and the code of each code block that is shown."""
    return [(token.language, token.text) for token in every(read(content)) if token.kind == "block"]


def styled(content: str, kind: str) -> list[str]:
    """The texts that are shown in a style: `strong`, `em`, `u`, `s`, `spoiler`, `quote`, or as `code`."""
    return [token.text for token in every(read(content)) if token.kind == kind]


def stray(content: str) -> list[str]:
    """The markers that a reader sees, because they do not mark anything."""
    return _MARKERS.findall(_plain(read(content)))


def visible(content: str) -> str:
    """What a reader sees of a message, in order, without any of its markers."""
    return _shown(read(content))


def _shown(tokens: tuple[Token, ...]) -> str:
    return "".join(_shown(token.inside) if token.inside else token.text for token in tokens)


def _plain(tokens: tuple[Token, ...]) -> str:
    """The text that is neither code nor escaped, an object where something else stands."""
    found = ""
    for token in tokens:
        if token.kind == "text":
            found += token.text
        else:
            found += "\ufffc" + (_plain(token.inside) + "\ufffc" if token.inside else "")
    return found


def _tokens(source: str, *, begins: bool, quoted: bool, depth: int) -> Iterator[Token]:
    at, text = 0, ""
    while at < len(source):
        token, after = _token(source, at, begins=begins, quoted=quoted, depth=depth)
        if token is None:
            text += source[at:after]
        else:
            if text:
                yield Token("text", text)
            text = ""
            yield token
        begins = source[after - 1] == "\n"
        at = after
    if text:
        yield Token("text", text)


def _token(source: str, at: int, *, begins: bool, quoted: bool, depth: int) -> tuple[Token | None, int]:
    """What stands at a place, and where it ends; None if it is text."""
    if begins:
        quote = None if quoted else _QUOTE.match(source, at)
        if quote is not None:
            text = _QUOTE_MARK.sub("", quote.group())
            inside = tuple(_tokens(text, begins=True, quoted=True, depth=depth))
            return Token("quote", text, inside=inside), quote.end()
        lead = _LINE_LEAD.match(source, at)
        if lead is not None and lead.end() > at:
            return Token("lead", lead.group()), lead.end()
    block = _BLOCK.match(source, at)
    if block is not None:
        return Token("block", block[2], block[1] or ""), block.end()
    for kind, pattern in (("escaped", _ESCAPE), ("link", _AUTOLINK), ("link", _URL)):
        found = pattern.match(source, at)
        if found is not None:
            return Token(kind, found[1] if kind == "escaped" else found.group()), found.end()
    link = _LINK.match(source, at)
    if link is not None:
        return _style("link", link[1], depth), link.end()
    emphasis = [(kind, found) for kind, pattern in _EMPHASIS.items() if (found := pattern.match(source, at))]
    emphasis.sort(key=lambda entry: -entry[1].end())
    others = ((kind, found) for kind, pattern in _OTHERS.items() if (found := pattern.match(source, at)))
    for kind, found in (*emphasis, *others):
        return _style(kind, found[found.lastindex or 1], depth), found.end()
    span = _SPAN.match(source, at)
    if span is not None:
        return Token("code", span[2]), span.end()
    if source[at] == "\n":
        return None, at + 1
    plain = _SPECIAL.search(source, at + 1)
    return None, plain.start() if plain else len(source)


def _style(kind: str, text: str, depth: int) -> Token:
    # What stands within begins no line, and nobody nests deeper.
    inside = tuple(_tokens(text, begins=False, quoted=True, depth=depth + 1)) if depth < _DEEPEST else ()
    return Token(kind, text, inside=inside)
