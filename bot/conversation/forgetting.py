"""What is left of a conversation without the messages, the files and the names of one person: pure.

Messages that others wrote stay, without what they quote of the person. A reply to the person alone goes with the
question; a reply to several people stays as it was written.
"""

from __future__ import annotations

import html
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation.content import Block, Text
from bot.conversation.found import NOTHING, Found
from bot.conversation.identity import Identity, without_name
from bot.conversation.message import Author, Message, Quote, Quoted, Reference
from bot.conversation.request import PromptMessage
from bot.conversation.revision import Piece, blocks_of, name_of, pieces_of
from bot.conversation.tokens import PRIOR
from bot.conversation.turn import Turn

FORGOTTEN = "what stood here was forgotten at the wish of its author"
"""The remark in place of a quote."""

_SAID, _SAID_END = "<said ", "</said>"
_ATTACHMENT = re.compile(r'^<attachment name="([^"]*)"', re.MULTILINE)
_SHOWN = re.compile(r'^<attachment name="([^"]*)"[^\n]* shown="below"', re.MULTILINE)
_QUOTE = re.compile(r'^<quote of="(\w+)"[^\n]*>$', re.MULTILINE)
_FROM = re.compile(r'^<message from="([^"]*)"')
_USERNAME = re.compile(r'(?:^| )username="([^"]*)"')


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
        Own(members[index] if certain else None, _text_of(pieces[index]), _files_of(pieces[index]))
        for index in _own(entry, pieces, who)
    )


def with_names_of(entry: Turn, who: Identity) -> Identity:
    """Return the person with the names that stand with the person's messages in an entry."""
    pieces = pieces_of(entry.question.blocks)
    if len(entry.authors) != len(pieces):
        return who
    for author, piece in zip(entry.authors, pieces, strict=True):
        opening, _, _ = piece.text.partition("\n")
        named, username = _FROM.search(opening), _username(opening)
        if author == who.person and username:
            name = html.unescape(named[1]) if named else ""
            who = who.with_author(Author(author, html.unescape(username), name))
    return who


def without_person(entry: Turn, who: Identity, newest: int) -> tuple[Turn, Found]:
    """Return an entry without the person, unchanged if it holds nothing of the person, and what was found.

    As after an edit, the tokens of the entry are an estimate from then on: `newest` is the id of the latest turn,
    whose request may hold the old text.
    """
    entry, found = _without_in_preface(entry, who, newest)
    pieces = pieces_of(entry.question.blocks)
    own = _own(entry, pieces, who)
    left: list[Piece] = []
    for index, piece in enumerate(pieces):
        if index in own:
            found += Found(messages=1, files=len(_files_of(piece)))
        elif entry.id <= who.before:
            cleaned, of_piece = _cleaned(piece, who)
            left.append(cleaned)
            found += of_piece
        else:
            left.append(piece)
    if pieces and not left:
        found += Found(replies=1 if entry.reply else 0)
        removed = replace(
            entry,
            sent=(),
            outcome="removed",
            user_tokens=0,
            reply_tokens=0,
            members=(),
            authors=(),
            amended=max(entry.amended, newest),
        )
        return removed, found
    question = PromptMessage("user", blocks_of(left))
    if not pieces or question == entry.question:
        return entry, found
    members, authors = entry.members, entry.authors
    if len(members) == len(pieces):
        kept = [index for index in range(len(pieces)) if index not in own]
        members = tuple(members[index] for index in kept)
        authors = tuple(authors[index] for index in kept) if len(authors) == len(pieces) else ()
    return (
        replace(
            entry.asked(question),
            user_tokens=PRIOR.sent(question),
            members=members,
            authors=authors,
            prefix_key="",
            amended=max(entry.amended, newest),
        ),
        found,
    )


def quoted_in(entry: Turn, who: Identity) -> tuple[str, ...]:
    """Return what others quote of the person in an entry, up to `before`."""
    pieces = pieces_of(entry.question.blocks)
    own = _own(entry, pieces, who)
    if entry.id > who.before:
        return ()
    quotes = [
        block.text
        for index, piece in enumerate(pieces)
        if index not in own
        for block in piece.quotes
        if isinstance(block, Text) and _QUOTE.match(block.text)
    ]
    return tuple(html.unescape(said) for quote in quotes for said in _without_said(quote, who)[2])


def without_quotes(message: Message, who: Identity) -> tuple[Message, Found]:
    """Return the message of somebody else without what it quotes of the person, and what was found."""
    text, mentions = who.without_mentions(message.text)
    quotes, found = quotes_without(message.quotes, who)
    reference: Reference | None = message.reference
    if reference is not None and reference.said is not None and who.is_author(reference.said.author):
        reference = replace(reference, said=None, is_deleted=True)
        found += Found(quotes=1)
    found += Found(mentions=mentions)
    return replace(message, text=text, quotes=quotes, reference=reference), found


def quotes_without(quotes: Sequence[Quote], who: Identity) -> tuple[tuple[Quote, ...], Found]:
    """Return quotes without messages of the person, and what was found."""
    left, found = [], NOTHING
    for quote in quotes:
        kept: list[Quoted] = []
        for said in quote.messages:
            if who.is_author(said.author):
                found += Found(quotes=1, files=len(said.attachments))
            else:
                text, mentions = who.without_mentions(said.text)
                kept.append(replace(said, text=text))
                found += Found(mentions=mentions)
        remark, named = without_name(quote.remark, who)
        found += Found(mentions=named)
        if len(kept) < len(quote.messages):
            left.append(Quote(quote.kind, quote.channel, tuple(kept), remark=remark or FORGOTTEN))
        else:
            left.append(replace(quote, messages=tuple(kept), remark=remark))
    return tuple(left), found


def _own(entry: Turn, pieces: Sequence[Piece], who: Identity) -> frozenset[int]:
    """Return the indexes of the pieces that the person wrote, up to `before`."""
    members = entry.members or (entry.id,)
    if len(members) != len(pieces):
        # Messages were deleted before the commit, and only the usernames tell who wrote the others.
        members = (entry.id,) * len(pieces)
    by_id = len(entry.authors) == len(pieces)
    return frozenset(
        index
        for index, piece in enumerate(pieces)
        if members[index] <= who.before
        and (
            entry.authors[index] == who.person
            if by_id and entry.authors[index]
            else who.knows(_username(piece.username))
        )
    )


def _username(attributes: str) -> str:
    found = _USERNAME.search(attributes)
    return found[1] if found else ""


def _text_of(piece: Piece) -> str:
    _, _, rest = piece.text.partition("\n")
    return html.unescape(rest.removesuffix("</message>").rstrip("\n"))


def _files_of(piece: Piece) -> tuple[str, ...]:
    return tuple(html.unescape(name) for name in _ATTACHMENT.findall(piece.text))


def _cleaned(piece: Piece, who: Identity) -> tuple[Piece, Found]:
    """Return the message of somebody else without quotes and mentions of the person, and what was found."""
    opening, newline, rest = piece.text.partition("\n")
    rest, mentions = who.without_mentions(rest)
    found = Found(mentions=mentions)
    quotes: list[Block] = []
    gone: list[str] = []
    for block in piece.quotes:
        if isinstance(block, Text) and _QUOTE.match(block.text):
            text, gone, of_quote = _cleaned_quote(block.text, who)
            quotes.append(Text(text))
            found += of_quote
        elif (name := name_of(block)) and name in gone:
            found += Found(files=1)
        else:
            quotes.append(block)
    return Piece(f"{opening}{newline}{rest}", piece.files, tuple(quotes)), found


def _cleaned_quote(text: str, who: Identity) -> tuple[str, list[str], Found]:
    """Return a quote without the person, the names of the files that went, and what was found."""
    left, gone, removed = _without_said(text, who)
    opening, newline, rest = left.partition("\n")
    opening, named = without_name(opening, who)
    rest, mentions = who.without_mentions(rest)
    if removed:
        # The title of a thread may hold words of the message that it was started from.
        opening = _QUOTE.sub(rf'<quote of="\1" remark="{FORGOTTEN}">', opening)
    return f"{opening}{newline}{rest}", gone, Found(quotes=len(removed), mentions=mentions + named)


def _without_said(text: str, who: Identity) -> tuple[str, list[str], list[str]]:
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
        if attributes is not None and end > at and who.knows(_username(attributes)):
            removed.append("".join(lines[at + 1 : end]).rstrip("\n"))
            gone.extend(_SHOWN.findall("".join(lines[at + 1 : end])))
        else:
            kept.extend(lines[at : end + 1])
        at = end + 1
    return "".join(kept), gone, removed


def _said_attributes(line: str) -> str | None:
    """Return the attributes of an element that begins with a line, None if none begins there."""
    is_said = line.startswith(_SAID) and line.endswith(">\n")
    return line[len(_SAID) : -len(">\n")] if is_said else None


def _without_in_preface(entry: Turn, who: Identity, newest: int) -> tuple[Turn, Found]:
    """Return an entry whose pinned turns are without the person, and what was found."""
    if entry.preface is None or not entry.preface.pinned:
        return entry, NOTHING
    pinned: list[Turn] = []
    changed = False
    for turn in entry.preface.pinned:
        left, found = without_person(turn, who, newest)
        changed |= bool(found)
        if left.outcome != "removed":
            pinned.append(left)
    if not changed:
        return entry, NOTHING
    # The pinned turns are copies of entries, whose messages are counted there.
    return replace(entry, preface=replace(entry.preface, pinned=tuple(pinned))), NOTHING
