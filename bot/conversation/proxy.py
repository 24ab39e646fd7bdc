"""Proxied messages: which message is the copy of which, decided from the messages alone; pure.

An application such as PluralKit posts a copy of a person's message through a webhook, under another name and without
the tags that chose the name, and then deletes the original. Discord does not say that the two belong together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.conversation.message import Message, created_ms

WINDOW_MS = 10_000
"""A copy follows its original within a second or two; with files, or on a slow day of Discord, within some more."""

TAGS_MAX_CHARS = 200
"""What a copy leaves out: a tag in front and one behind, of up to 100 characters each (PluralKit)."""

_MENTION = re.compile(r"@\S+")
"""The name in a mention depends on whom the message notifies, which differs between a message and its copy."""

_ADDED = re.compile(r"^(?:>|-#).*$", re.MULTILINE)
"""Lines by which an application shows what the original replies to."""


def is_copy(copy: Message, original: Message) -> bool:
    """Whether a proxied message says what a message of the same channel has said shortly before."""
    if not (original.id < copy.id and created_ms(copy.id) - created_ms(original.id) <= WINDOW_MS):
        return False
    said = _plain(original.text)
    if not (words := _plain(copy.text)):
        same_files = bool(copy.attachments) and _files(copy) == _files(original)
        return same_files and len(said) <= TAGS_MAX_CHARS
    return any(_is_within_tags(each, said) for each in (words, _plain(_ADDED.sub("", copy.text))) if each)


def original_of(copy: Message, before: Sequence[Message]) -> Message | None:
    """Return the message that a proxied message is the copy of: of several, the latest."""
    return max((each for each in before if is_copy(copy, each)), key=lambda each: each.id, default=None)


def copy_of(original: Message, after: Sequence[Message]) -> Message | None:
    """Return the copy of a message among proxied messages: of several, the earliest."""
    return min((each for each in after if is_copy(each, original)), key=lambda each: each.id, default=None)


def _is_within_tags(words: str, said: str) -> bool:
    """Whether a text says these words, with no more than tags around them."""
    if len(said) - len(words) > TAGS_MAX_CHARS:
        return False
    at = said.find(words)
    while at >= 0:
        before, behind = said[:at][-1:], said[at + len(words) :][:1]
        if not (_is_word(before) or _is_word(behind)):
            return True
        at = said.find(words, at + 1)
    return False


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _plain(text: str) -> str:
    return " ".join(_MENTION.sub("@", text).split())


def _files(message: Message) -> list[tuple[str, int]]:
    return sorted((each.filename, each.size_bytes) for each in message.attachments)
