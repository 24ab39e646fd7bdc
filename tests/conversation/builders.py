"""Values for tests, with what does not matter filled in."""

from __future__ import annotations

from bot.conversation.message import Attachment, Author, Message
from bot.conversation.request import Usage
from bot.conversation.turn import Outcome, Turn

ANN = Author(id=1, username="ann", name="Ann")
BEN = Author(id=2, username="ben", name="Ben")


def message(
    text: str, *, author: Author = ANN, number: int = 10, attachments: tuple[Attachment, ...] = ()
) -> Message:
    """A message with an id that is made from a number, so that order is easy to see."""
    return Message(id=snowflake(number), author=author, text=text, attachments=attachments)


def snowflake(number: int) -> int:
    """An id whose time is `number` seconds after Discord's epoch."""
    return (number * 1000) << 22


def turn(
    number: int,
    *,
    user: str = "question",
    reply: str = "answer",
    outcome: Outcome = "answered",
    tokens: tuple[int, int] = (10, 10),
    usage: Usage | None = None,
    cut: int = 0,
) -> Turn:
    """A turn of the history."""
    return Turn(
        id=snowflake(number),
        user=user,
        reply=reply if outcome == "answered" else "",
        outcome=outcome,
        model="claude-test",
        user_tokens=tokens[0],
        reply_tokens=tokens[1] if outcome == "answered" else 0,
        usage=usage or Usage(),
        cut=cut,
        prefix_key="key",
    )
