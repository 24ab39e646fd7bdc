"""What an entry of the history holds of one person: pure.

A message is the person's by the id that is stored beside it. Where an older version stored none, its username tells.
"""

from __future__ import annotations

import html
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation.content import Text
from bot.conversation.identity import Identity
from bot.conversation.message import Author
from bot.conversation.provenance import Provenance, merged
from bot.conversation.revision import Piece, pieces_of
from bot.conversation.turn import Turn

_SAID, _SAID_END = "<said ", "</said>"
_ATTACHMENT = re.compile(r'^<attachment name="([^"]*)"', re.MULTILINE)
_SHOWN = re.compile(r'^<attachment name="([^"]*)"[^\n]* shown="below"', re.MULTILINE)
_FROM = re.compile(r'^<message from="([^"]*)"')
_NAME = re.compile(r'^<\w+ from="([^"]*)"')
_USERNAME = re.compile(r'(?:^| )username="([^"]*)"')
_AT = re.compile(r' at="([^"]*)"')
QUOTE = re.compile(r'^<quote of="(\w+)"[^\n]*>$', re.MULTILINE)

_EVER = 2**64
"""Higher than any id."""


@dataclass(frozen=True, slots=True)
class Own:
    """A message of the person in the history: its id, None if nobody can tell, its text, the names of its files."""

    message: int | None
    text: str
    files: tuple[str, ...]


def own_messages(entry: Turn, who: Identity) -> tuple[Own, ...]:
    """Return the messages of an entry that the person wrote."""
    pieces = pieces_of(entry.question.blocks)
    members = entry.members or (entry.id,)
    certain = len(members) == len(pieces)
    return tuple(
        Own(members[index] if certain else None, _text_of(pieces[index]), files_of(pieces[index]))
        for index in own_pieces(entry, pieces, who)
    )


def with_traces_of(entry: Turn, who: Identity, conversation: int) -> Identity:
    """Return the person with what an entry tells: names, the conversation, and what a proxy has posted."""
    if who.person in entry.authors and entry.id <= who.before:
        who = replace(who, known=who.known | {conversation})
    pieces = pieces_of(entry.question.blocks)
    if len(entry.authors) != len(pieces):
        return who
    for index, piece in enumerate(pieces):
        if entry.authors[index] != who.person or (author := _author(piece, who.person)) is None:
            continue
        if author.is_webhook and len(entry.members) == len(pieces):
            who = replace(who, proxied=who.proxied | {entry.members[index]})
        who = who.with_author(author)
    return who


def names_of_others(entry: Turn, who: Identity) -> frozenset[str]:
    """Return the names of others beside what they wrote, or what is quoted of them, in an entry.

    What the person has written since stays, and is no other's either.
    """
    pieces = pieces_of(entry.question.blocks)
    own = own_pieces(entry, pieces, replace(who, before=_EVER))
    found = {each for index, piece in enumerate(pieces) if index not in own for each in _names(piece.text)}
    for index, piece in enumerate(pieces):
        for block in piece.quotes:
            if isinstance(block, Text) and QUOTE.match(block.text):
                left, _, _ = without_said(block.text, who, provenance_of(entry, pieces, index))
                lines = left.split("\n")
                found |= {each for line in lines if line.startswith(_SAID) for each in _names(line)}
    mentions = (each for known in entry.provenance for each in known.mentions)
    found |= {each.name for each in mentions if each.id != who.person}
    return frozenset(found)


def holds_words(entry: Turn, who: Identity) -> bool:
    """Whether an entry holds what the person wrote, and not mentions alone."""
    pinned = () if entry.preface is None else entry.preface.pinned
    return any(own_messages(each, who) or quoted_in(each, who) for each in (entry, *pinned))


def quoted_in(entry: Turn, who: Identity) -> tuple[str, ...]:
    """Return what others quote of the person in an entry, up to `before`."""
    pieces = pieces_of(entry.question.blocks)
    own = own_pieces(entry, pieces, who)
    if entry.id > who.before:
        return ()
    quotes = [
        without_said(block.text, who, provenance_of(entry, pieces, index))[2]
        for index, piece in enumerate(pieces)
        if index not in own
        for block in piece.quotes
        if isinstance(block, Text) and QUOTE.match(block.text)
    ]
    return tuple(html.unescape(said) for quote in quotes for said in quote)


def provenance_of(entry: Turn, pieces: Sequence[Piece], index: int) -> Provenance:
    """Return the provenance of a piece; of all, if messages were deleted before the commit."""
    found = entry.provenance
    return found[index] if len(found) == len(pieces) else merged(found)


def own_pieces(entry: Turn, pieces: Sequence[Piece], who: Identity) -> frozenset[int]:
    """Return the indexes of the pieces that the person wrote, up to `before`."""
    members = entry.members or (entry.id,)
    if len(members) != len(pieces):
        # Messages were deleted before the commit, and only the usernames tell who wrote the others.
        members = (entry.id,) * len(pieces)
    if len(entry.authors) == len(pieces):
        own = [author == who.person for author in entry.authors]
    elif who.person in entry.authors or (who.guesses and not entry.authors):
        own = [who.knows(_username(piece.username)) for piece in pieces]
    else:
        return frozenset()
    return frozenset(index for index in range(len(pieces)) if own[index] and members[index] <= who.before)


def _author(piece: Piece, person: int) -> Author | None:
    opening, _, _ = piece.text.partition("\n")
    named, username = _FROM.search(opening), _username(opening)
    name = html.unescape(named[1]) if named else ""
    return Author(person, html.unescape(username), name) if username else None


def _names(text: str) -> list[str]:
    """Return the names in the opening tag that a text begins with."""
    opening, _, _ = text.partition("\n")
    return [html.unescape(found[1]) for each in (_NAME, _USERNAME) if (found := each.search(opening))]


def _text_of(piece: Piece) -> str:
    _, _, rest = piece.text.partition("\n")
    return html.unescape(rest.removesuffix("</message>").rstrip("\n"))


def files_of(piece: Piece) -> tuple[str, ...]:
    return tuple(html.unescape(name) for name in _ATTACHMENT.findall(piece.text))


def without_said(text: str, who: Identity, provenance: Provenance) -> tuple[str, list[str], list[str]]:
    """Return a quote without what the person said in it, the names of the files that went, and what was said."""
    *whole, rest = text.split("\n")
    lines = [*(f"{line}\n" for line in whole), *filter(None, [rest])]
    ends = deque(number for number, line in enumerate(lines) if line.removesuffix("\n") == _SAID_END)
    kept: list[str] = []
    gone: list[str] = []
    removed: list[str] = []
    at = 0
    while at < len(lines):
        while ends and ends[0] <= at:
            ends.popleft()
        attributes = _said_attributes(lines[at])
        end = at if attributes is None or not ends else ends[0]
        if attributes is not None and end > at and _is_own(attributes, who, provenance):
            removed.append("".join(lines[at + 1 : end]).rstrip("\n"))
            gone.extend(_SHOWN.findall("".join(lines[at + 1 : end])))
        else:
            kept.extend(lines[at : end + 1])
        at = end + 1
    return "".join(kept), gone, removed


def _is_own(attributes: str, who: Identity, provenance: Provenance) -> bool:
    username, at = _username(attributes), _AT.search(attributes)
    return bool(username) and who.is_shown(username, at[1] if at else "", provenance)


def _said_attributes(line: str) -> str | None:
    """Return the attributes of an element that begins with a line, None if none begins there."""
    is_said = line.startswith(_SAID) and line.endswith(">\n")
    return line[len(_SAID) : -len(">\n")] if is_said else None


def _username(attributes: str) -> str:
    found = _USERNAME.search(attributes)
    return found[1] if found else ""
