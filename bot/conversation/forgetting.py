"""What is left of a conversation without the messages, the files and the names of one person: pure.

Messages that others wrote stay, without what they quote of the person. A reply to the person alone goes with the
question; a reply to several people stays as it was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.conversation.content import Block, Text
from bot.conversation.found import NOTHING, Found
from bot.conversation.identity import Identity, without_name
from bot.conversation.message import Mention, Message, Quote, Quoted, Reference
from bot.conversation.provenance import Provenance
from bot.conversation.request import PromptMessage
from bot.conversation.revision import Piece, blocks_of, name_of, pieces_of
from bot.conversation.tokens import PRIOR
from bot.conversation.traces import QUOTE, files_of, own_pieces, provenance_of, without_said
from bot.conversation.turn import Turn

FORGOTTEN = "what stood here was forgotten at the wish of its author"
"""The remark in place of a quote."""


def without_person(entry: Turn, who: Identity, newest: int) -> tuple[Turn, Found]:
    """Return an entry without the person, unchanged if it holds nothing of the person, and what was found.

    As after an edit, the tokens of the entry are an estimate from then on: `newest` is the id of the latest turn,
    whose request may hold the old text.
    """
    entry, found = _without_in_preface(entry, who, newest)
    pieces = pieces_of(entry.question.blocks)
    own = own_pieces(entry, pieces, who)
    left: list[Piece] = []
    for index, piece in enumerate(pieces):
        if index in own:
            found += Found(messages=1, files=len(files_of(piece)))
        elif entry.id <= who.before:
            cleaned, of_piece = _cleaned(piece, who, provenance_of(entry, pieces, index))
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
            edits=(),
            provenance=(),
            amended=max(entry.amended, newest),
        )
        return removed, found
    question = PromptMessage("user", blocks_of(left))
    members, authors, provenance = entry.members, entry.authors, entry.provenance
    if entry.id <= who.before:
        provenance = tuple(each.without(who.person, who.proxied) for each in provenance)
    if not pieces or question == entry.question:
        if provenance != entry.provenance:
            # What was too long to be sent has named the person.
            return replace(entry, provenance=provenance), found + Found(mentions=1)
        return entry, found
    if len(members) == len(pieces):
        kept = [index for index in range(len(pieces)) if index not in own]
        members = tuple(members[index] for index in kept)
        authors = tuple(authors[index] for index in kept) if len(authors) == len(pieces) else ()
        provenance = tuple(provenance[index] for index in kept) if len(provenance) == len(pieces) else ()
    return (
        replace(
            entry.asked(question),
            user_tokens=PRIOR.sent(question),
            members=members,
            authors=authors,
            edits=tuple(each for each in entry.edits if each[0] in (members or (entry.id,))),
            provenance=provenance,
            prefix_key="",
            amended=max(entry.amended, newest),
        ),
        found,
    )


def without_quotes(message: Message, who: Identity) -> tuple[Message, Found]:
    """Return the message of somebody else without what it quotes of the person, and what was found."""
    text, mentions = who.without_mentions(message.text, _mentioned(message.mentions))
    quotes, found = quotes_without(message.quotes, who)
    reference: Reference | None = message.reference
    if reference is not None and reference.said is not None:
        said, of_said = _said_without(reference.said, who)
        reference = replace(reference, said=said, is_deleted=reference.is_deleted or said is None)
        found += replace(of_said, files=0)  # they are read once the message is answered
    found += Found(mentions=mentions)
    left = None if message.mentions is None else _others(message.mentions, who)
    return replace(message, text=text, quotes=quotes, reference=reference, mentions=left), found


def quotes_without(quotes: Sequence[Quote], who: Identity) -> tuple[tuple[Quote, ...], Found]:
    """Return quotes without messages of the person, and what was found."""
    left, found = [], NOTHING
    for quote in quotes:
        kept: list[Quoted] = []
        for said in quote.messages:
            left_of_said, of_said = _said_without(said, who)
            kept += [] if left_of_said is None else [left_of_said]
            found += of_said
        remark, named = without_name(quote.remark, who)
        found += Found(mentions=named)
        if len(kept) < len(quote.messages):
            left.append(Quote(quote.kind, quote.channel, tuple(kept), remark=remark or FORGOTTEN))
        else:
            left.append(replace(quote, messages=tuple(kept), remark=remark))
    return tuple(left), found


def _said_without(said: Quoted, who: Identity) -> tuple[Quoted | None, Found]:
    """Return a quoted message without mentions of the person, None if the person wrote it, and what was found."""
    if who.wrote(said):
        return None, Found(quotes=1, files=len(said.attachments))
    text, mentions = who.without_mentions(said.text, _mentioned(said.mentions))
    left = None if said.mentions is None else _others(said.mentions, who)
    return replace(said, text=text, mentions=left), Found(mentions=mentions)


def _mentioned(mentions: Sequence[Mention] | None) -> Provenance:
    return Provenance(tuple(mentions or ()), is_complete=mentions is not None)


def _others(mentions: Sequence[Mention], who: Identity) -> tuple[Mention, ...]:
    return tuple(each for each in mentions if each.id != who.person)


def _cleaned(piece: Piece, who: Identity, provenance: Provenance) -> tuple[Piece, Found]:
    """Return the message of somebody else without quotes and mentions of the person, and what was found."""
    opening, newline, rest = piece.text.partition("\n")
    rest, mentions = who.without_mentions(rest, provenance)
    found = Found(mentions=mentions)
    quotes: list[Block] = []
    gone: list[str] = []
    for block in piece.quotes:
        if isinstance(block, Text) and QUOTE.match(block.text):
            text, gone, of_quote = _cleaned_quote(block.text, who, provenance)
            quotes.append(Text(text))
            found += of_quote
        elif (name := name_of(block)) and name in gone:
            found += Found(files=1)
        else:
            quotes.append(block)
    return Piece(f"{opening}{newline}{rest}", piece.files, tuple(quotes)), found


def _cleaned_quote(text: str, who: Identity, provenance: Provenance) -> tuple[str, list[str], Found]:
    """Return a quote without the person, the names of the files that went, and what was found."""
    left, gone, removed = without_said(text, who, provenance)
    opening, newline, rest = left.partition("\n")
    opening, named = without_name(opening, who)
    rest, mentions = who.without_mentions(rest, provenance)
    if removed:
        # The title of a thread may hold words of the message that it was started from.
        opening = QUOTE.sub(rf'<quote of="\1" remark="{FORGOTTEN}">', opening)
    return f"{opening}{newline}{rest}", gone, Found(quotes=len(removed), mentions=mentions + named)


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
