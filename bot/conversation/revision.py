"""An entry of the history after one of its messages was edited or deleted: pure."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.conversation import prompt
from bot.conversation.message import Message
from bot.conversation.tokens import FRAMING_TOKENS, estimate
from bot.conversation.turn import Turn

_ELEMENT = re.compile(r"^<message ", re.MULTILINE)
"""No message's text holds this, see `prompt.render_user`."""


def amended(entry: Turn, message: int, now: Message | None, newest: int) -> Turn:
    """Return the entry with what the message says `now`, or without it if that is None.

    The author stays as he was named. An entry whose last message goes is `removed` with its reply. Its tokens, and
    with them those of the requests that hold it, are an estimate from then on: `newest` is the id of the latest turn,
    and so of the latest request that may. Unchanged if the message is not in it.
    """
    members = entry.members or (entry.id,)
    starts = [found.start() for found in _ELEMENT.finditer(entry.user)]
    if message not in members or len(starts) != len(members):
        return entry
    ends = [*(start - 1 for start in starts[1:]), len(entry.user)]
    pieces = [entry.user[start:end] for start, end in zip(starts, ends, strict=True)]
    index = members.index(message)
    if now is None:
        del pieces[index]
    else:
        opening, _, _ = pieces[index].partition("\n")
        _, _, rest = prompt.render_user([now]).partition("\n")
        pieces[index] = f"{opening}\n{rest}"
    if not pieces:
        return replace(
            entry,
            user="",
            reply="",
            outcome="removed",
            user_tokens=0,
            reply_tokens=0,
            members=(),
            seams=(),
            amended=newest,
        )
    user = "\n".join(pieces)
    if user == entry.user:
        return entry
    left = members if now is not None else tuple(member for member in members if member != message)
    tokens = estimate(user) + FRAMING_TOKENS
    return replace(entry, user=user, user_tokens=tokens, members=left, prefix_key="", amended=newest)
