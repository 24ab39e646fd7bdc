"""An entry of the history after one of its messages was edited or deleted: pure."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.conversation import prompt
from bot.conversation.content import Text, fixed_tokens
from bot.conversation.message import Message
from bot.conversation.request import PromptMessage
from bot.conversation.tokens import FRAMING_TOKENS, estimate
from bot.conversation.turn import Turn

_ELEMENT = re.compile(r"^<message ", re.MULTILINE)
"""The text of a message never holds this, see `prompt.render_user`."""

_USERNAME = re.compile(r' username="[^"]*">$')


def amended(entry: Turn, message: int, now: Message | None, newest: int) -> Turn:
    """Return the entry with the text that the message has `now`, or without the message if that is None.

    The name of the author stays. An entry without messages is `removed` with its reply. The tokens of the entry are
    an estimate from then on: `newest` is the id of the latest turn, whose request may hold the old text. The entry is
    returned unchanged if the message is not part of it.

    An entry may name more messages than it holds, if messages were deleted before its commit. The order alone tells
    which text belongs to which message; if several are possible, all of them are removed, because a message that its
    author has deleted must not stay.
    """
    members = entry.members or (entry.id,)
    pieces = _pieces(entry.user)
    if message not in members or not pieces or len(pieces) > len(members):
        return entry
    found = _candidates(pieces, members.index(message), len(members))
    if now is not None:
        found = _of_the_same_author(pieces, found, now)
    said = [] if now is None else [_said_again(pieces[found.start], now)]
    pieces[found.start : found.stop] = said
    if not pieces:
        return replace(
            entry,
            sent=(),
            outcome="removed",
            user_tokens=0,
            reply_tokens=0,
            members=(),
            amended=newest,
        )
    user = "\n".join(pieces)
    if user == entry.user:
        return entry
    left = members if now is not None else tuple(member for member in members if member != message)
    # Nothing tells which message another block belongs to, and what its author has deleted must not stay.
    others = tuple(
        block for block in entry.question.blocks if not isinstance(block, Text) and now is not None
    )
    tokens = estimate(user) + fixed_tokens(others) + FRAMING_TOKENS
    return replace(
        entry.asked(PromptMessage("user", (Text(user), *others))),
        user_tokens=tokens,
        members=left,
        prefix_key="",
        amended=newest,
    )


def _pieces(user: str) -> list[str]:
    starts = [found.start() for found in _ELEMENT.finditer(user)]
    ends = [*(start - 1 for start in starts[1:]), len(user)]
    return [user[start:end] for start, end in zip(starts, ends, strict=False)]


def _candidates(pieces: list[str], index: int, members: int) -> range:
    """Return the pieces that the message of this index may be: one, unless some members have no piece."""
    missing = members - len(pieces)
    return range(max(0, index - missing), min(index, len(pieces) - 1) + 1)


def _of_the_same_author(pieces: list[str], found: range, now: Message) -> range:
    """Drop the pieces of other authors at both ends."""
    name = _username(prompt.render_user([now]))
    own = [index for index in found if _username(pieces[index]) == name]
    return range(own[0], own[-1] + 1) if own else found


def _username(piece: str) -> str:
    opening, _, _ = piece.partition("\n")
    named = _USERNAME.search(opening)
    return named.group() if named else ""


def _said_again(piece: str, now: Message) -> str:
    opening, _, _ = piece.partition("\n")
    _, _, rest = prompt.render_user([now]).partition("\n")
    return f"{opening}\n{rest}"
