"""An entry of the history after one of its messages was edited or deleted: pure."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation import elements
from bot.conversation.content import Block, Document, Image, Text
from bot.conversation.message import Message
from bot.conversation.request import PromptMessage
from bot.conversation.title import TITLE_REQUEST
from bot.conversation.tokens import PRIOR
from bot.conversation.turn import Turn

ELEMENT = re.compile(r"^<message ", re.MULTILINE)
"""The text of a message never holds this, see `elements.render_user`."""

_USERNAME = re.compile(r' username="[^"]*"')
_QUOTE = re.compile(r"<quote ")
FILE_NAME = re.compile(r'<(?:file|transcript) name="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Piece:
    """One message of an entry: its element, the blocks of its files, and those of its quotes.

    The request for a title counts as a quote: it stays as long as its message.
    """

    text: str
    files: tuple[Block, ...] = ()
    quotes: tuple[Block, ...] = ()

    @property
    def username(self) -> str:
        """The attribute that names the author."""
        opening, _, _ = self.text.partition("\n")
        named = _USERNAME.search(opening)
        return named.group() if named else ""

    def edited(self, now: Message) -> Piece:
        """Return the piece with the text of `now`, the author and quotes as before, and the files still attached."""
        names = {elements.attribute(attachment.filename) for attachment in now.attachments}
        files = tuple(block for block in self.files if name_of(block) in names)
        shown = {name_of(block): block for block in files}
        attachments = tuple(
            replace(each, blocks=(shown[name],))
            if (name := elements.attribute(each.filename)) in shown
            else each
            for each in now.attachments
        )
        opening, _, _ = self.text.partition("\n")
        _, _, rest = elements.render_user([replace(now, attachments=attachments)]).partition("\n")
        return Piece(f"{opening}\n{rest}", files, self.quotes)


def amended(entry: Turn, message: int, now: Message | None, newest: int, *, edited_ms: int = 0) -> Turn:
    """Return the entry with the text that the message has `now`, or without the message if that is None.

    The name of the author stays. An entry without messages is `removed` with its reply. The tokens of the entry are
    an estimate from then on: `newest` is the id of the latest turn, whose request may hold the old text. The entry is
    returned unchanged if the message is not part of it, or was edited again after `edited_ms`.

    An entry may name more messages than it holds, if messages were deleted before its commit. The order alone tells
    which text belongs to which message; if several are possible, all of them are removed, because a message that its
    author has deleted must not stay.
    """
    members = entry.members or (entry.id,)
    pieces = pieces_of(entry.question.blocks)
    if message not in members or not pieces or len(pieces) > len(members):
        return entry
    edits = dict(entry.edits)
    if now is None:
        edits.pop(message, None)
    elif edited_ms < edits.get(message, 0):
        return entry
    elif edited_ms:
        edits[message] = edited_ms
    entry = replace(entry, edits=tuple(edits.items()))
    found = _candidates(pieces, members.index(message), len(members))
    if now is not None:
        found = _of_the_same_author(pieces, found, now)
    pieces[found.start : found.stop] = [] if now is None else [pieces[found.start].edited(now)]
    if not pieces:
        return replace(
            entry,
            sent=(),
            outcome="removed",
            user_tokens=0,
            reply_tokens=0,
            members=(),
            authors=(),
            edits=(),
            provenance=(),
            amended=newest,
        )
    question = PromptMessage("user", blocks_of(pieces))
    if question == entry.question:
        return entry
    left, authors, provenance = members, entry.authors, entry.provenance
    if now is not None:
        provenance = tuple(
            known.edited(now) if member == message else known
            for known, member in zip(provenance, members, strict=False)
        )
    else:
        left = tuple(member for member in members if member != message)
        authors = tuple(author for author, member in zip(authors, members, strict=False) if member != message)
        provenance = tuple(
            known for known, member in zip(provenance, members, strict=False) if member != message
        )
    return replace(
        entry.asked(question),
        user_tokens=PRIOR.sent(question),
        members=left,
        authors=authors,
        provenance=provenance,
        prefix_key="",
        amended=newest,
    )


def pieces_of(blocks: Sequence[Block]) -> list[Piece]:
    """Take a question apart; a block that is no text of messages belongs to the message before it."""
    pieces: list[Piece] = []
    for block in blocks:
        if isinstance(block, Text) and ELEMENT.match(block.text):
            starts = [found.start() for found in ELEMENT.finditer(block.text)]
            ends = [*(start - 1 for start in starts[1:]), len(block.text)]
            pieces += [Piece(block.text[start:end]) for start, end in zip(starts, ends, strict=True)]
        elif pieces and (pieces[-1].quotes or _begins_quotes(block)):
            pieces[-1] = replace(pieces[-1], quotes=(*pieces[-1].quotes, block))
        elif pieces:
            pieces[-1] = replace(pieces[-1], files=(*pieces[-1].files, block))
    return pieces


def _begins_quotes(block: Block) -> bool:
    return isinstance(block, Text) and (block == TITLE_REQUEST or _QUOTE.match(block.text) is not None)


def blocks_of(pieces: Sequence[Piece]) -> tuple[Block, ...]:
    """Put a question together, as `elements.question` does."""
    blocks: list[Block] = []
    texts: list[str] = []
    for piece in pieces:
        texts.append(piece.text)
        if behind := (*piece.files, *piece.quotes):
            blocks += [Text("\n".join(texts)), *behind]
            texts = []
    return (*blocks, Text("\n".join(texts))) if texts else tuple(blocks)


def name_of(block: Block) -> str:
    match block:
        case Image():
            return elements.attribute(block.name)
        case Document():
            # The title is sent, and therefore escaped, except in entries of earlier versions.
            return elements.attribute(html.unescape(block.title))
        case Text():
            found = FILE_NAME.match(block.text)
            return found[1] if found else ""
        case _:
            return ""


def _candidates(pieces: Sequence[Piece], index: int, members: int) -> range:
    """Return the pieces that the message of this index may be: one, unless some members have no piece."""
    missing = members - len(pieces)
    return range(max(0, index - missing), min(index, len(pieces) - 1) + 1)


def _of_the_same_author(pieces: Sequence[Piece], found: range, now: Message) -> range:
    """Drop the pieces of other authors at both ends."""
    name = Piece(elements.render_user([now])).username
    own = [index for index in found if pieces[index].username == name]
    return range(own[0], own[-1] + 1) if own else found
