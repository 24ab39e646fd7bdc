"""Proxied messages: which message is the copy of which, decided from the messages alone; pure.

An application such as PluralKit posts a copy of a person's message through a webhook, under another name and without
the tags that chose the name, and then deletes the original. Discord does not say that the two belong together, and
anybody may post what another person has just said: whether the original is deleted tells the two cases apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.conversation.message import Message, created_ms

WINDOW_MS = 10_000
"""A copy follows its original within a second or two; with files, or on a slow day of Discord, within some more."""

TAG_MAX_CHARS = 100
"""What a copy leaves out: a tag in front and one behind (PluralKit)."""


def is_copy(copy: Message, original: Message) -> bool:
    """Whether a proxied message says what a message of the same channel has said shortly before.

    It says nothing more, and shows no other file: whatever it says counts as said by the author of the original. The
    texts hold ids, not names, since the name in a mention depends on whom the message notifies.
    """
    if not (original.id < copy.id and created_ms(copy.id) - created_ms(original.id) <= WINDOW_MS):
        return False
    words, said = _plain(copy.text), _plain(original.text)
    files, held = _files(copy), _files(original)
    if not words:
        return bool(files) and files == held and all(map(_is_tag, said.partition(" ")[::2]))
    return files <= held and _is_within_tags(words, said)


def original_of(copy: Message, before: Sequence[Message]) -> Message | None:
    """Return the message that a proxied message is the copy of: of several, the latest."""
    return max((each for each in before if is_copy(copy, each)), key=lambda each: each.id, default=None)


def copy_of(original: Message, after: Sequence[Message]) -> Message | None:
    """Return the copy of a message among proxied messages: of several, the earliest."""
    return min((each for each in after if is_copy(each, original)), key=lambda each: each.id, default=None)


def _is_within_tags(words: str, said: str) -> bool:
    """Whether a text says these words, with no more than tags around them."""
    at = said.find(words)
    while at >= 0:
        before, behind = said[:at], said[at + len(words) :]
        is_apart = not (_is_word(before[-1:]) or _is_word(behind[:1]))
        if is_apart and _is_tag(before) and _is_tag(behind):
            return True
        at = said.find(words, at + 1)
    return False


def _is_tag(text: str) -> bool:
    """Whether a text is one word at most; several are part of what a person says."""
    return len(text) <= TAG_MAX_CHARS and " " not in text.strip()


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _plain(text: str) -> str:
    return " ".join(text.split())


def _files(message: Message) -> Counter[tuple[str, int]]:
    return Counter((each.filename, each.size_bytes) for each in message.attachments)
