"""The files of the history: which files an entry holds, and the entry without one of them; pure."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, replace

from bot.conversation.content import Block, Document, Image, Text
from bot.conversation.elements import taken_out
from bot.conversation.request import PromptMessage
from bot.conversation.revision import ELEMENT, FILE_NAME
from bot.conversation.tokens import PRIOR, TokenRates
from bot.conversation.turn import UNSENT, Turn


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """A file of an entry.

    `message` brought the file; None if messages of the entry were deleted, so that nobody can tell. `holder` is the
    id of a message of the entry. `key` names the file within the entry.
    """

    name: str
    kind: str
    tokens: int
    holder: int
    message: int | None
    key: str
    block: Block


def files_of(entry: Turn, rates: TokenRates = PRIOR) -> tuple[HistoryFile, ...]:
    """Return the files that people brought with the messages of an entry, also those of what they quote."""
    return tuple(file for _, file in _files(entry, rates))


def files_of_all(entries: Iterable[Turn], rates: TokenRates) -> tuple[HistoryFile, ...]:
    """Return the files of the entries that are sent, the largest first.

    The files of an entry take no more than the messages of people in that entry.
    """
    found = (file for entry in entries if entry.outcome not in UNSENT for file in _within(entry, rates))
    return tuple(sorted(found, key=lambda file: -file.tokens))


def _within(entry: Turn, rates: TokenRates) -> tuple[HistoryFile, ...]:
    """Return the files of an entry; estimates that exceed the tokens of its messages together are scaled."""
    files = files_of(entry, rates)
    estimated = sum(file.tokens for file in files)
    if estimated <= entry.user_tokens:
        return files
    return tuple(replace(file, tokens=file.tokens * entry.user_tokens // estimated) for file in files)


def without_file(entry: Turn, key: str, newest: int) -> Turn:
    """Return the entry with a text in place of a file; unchanged if the entry does not hold the file.

    As after an edit, the tokens of the entry are an estimate from then on: `newest` is the id of the latest turn,
    whose request may hold the file.
    """
    blocks = list(entry.question.blocks)
    place = next((index for index, file in _files(entry, PRIOR) if file.key == key), None)
    if place is None:
        return entry
    blocks[place] = taken_out(file_name(blocks[place]) or "")
    question = PromptMessage("user", tuple(blocks))
    return replace(
        entry.asked(question),
        user_tokens=PRIOR.sent(question),
        prefix_key="",
        amended=max(entry.amended, newest),
    )


def file_name(block: Block) -> str | None:
    """Return the name of a file, None if the block is no file."""
    match block:
        case Image():
            return block.name
        case Document():
            return html.unescape(block.title)
        case Text():
            found = FILE_NAME.match(block.text)
            return html.unescape(found[1]) if found else None
        case _:
            return None


def _files(entry: Turn, rates: TokenRates) -> Iterator[tuple[int, HistoryFile]]:
    """Yield the files with their indexes among the blocks of the question."""
    members = entry.members or (entry.id,)
    blocks = entry.question.blocks
    counts = [_messages(block) for block in blocks]
    # An entry may name more messages than it holds, if messages were deleted before its commit.
    is_certain = sum(counts) == len(members)
    seen: list[str] = []
    for index, block in enumerate(blocks):
        if (name := file_name(block)) is None:
            continue
        before = sum(counts[:index])
        message = members[before - 1] if is_certain and before else None
        identity = _identity(block, name)
        key = hashlib.sha256(f"{seen.count(identity)}\0{identity}".encode(errors="surrogatepass")).hexdigest()
        seen.append(identity)
        tokens = rates.blocks((block,))
        yield index, HistoryFile(name, _kind(block), tokens, message or members[0], message, key[:16], block)


def _messages(block: Block) -> int:
    is_message = isinstance(block, Text) and ELEMENT.match(block.text)
    return len(ELEMENT.findall(block.text)) if isinstance(block, Text) and is_message else 0


def _identity(block: Block, name: str) -> str:
    match block:
        case Image() | Document():
            content = "\0".join(map(str, astuple(block.source)))
        case Text():
            content = block.text
        case _:
            content = ""
    return f"{block.type}\0{name}\0{content}"


def _kind(block: Block) -> str:
    return {"image": "picture", "document": "PDF"}.get(block.type, "text")
