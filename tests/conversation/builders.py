"""Values for tests, with what does not matter filled in."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.content import Text
from bot.conversation.message import Attachment, Author, Message
from bot.conversation.prompt import CONTINUE
from bot.conversation.request import PromptMessage, Usage
from bot.conversation.turn import Outcome, Turn

ANN = Author(id=1, username="ann", name="Ann")
BEN = Author(id=2, username="ben", name="Ben")


def message(
    text: str,
    *,
    author: Author = ANN,
    number: int = 10,
    attachments: tuple[Attachment, ...] = (),
    asks_title: bool = False,
) -> Message:
    """A message with an id that is made from a number, so that order is easy to see."""
    return Message(
        id=snowflake(number), author=author, text=text, attachments=attachments, asks_title=asks_title
    )


def snowflake(number: int) -> int:
    """An id whose time is `number` seconds after Discord's epoch."""
    return (number * 1000) << 22


def sent(user: str, parts: Sequence[str] = ()) -> tuple[PromptMessage, ...]:
    """The messages of a turn whose reply was written in these parts."""
    messages = [PromptMessage.of("user", user)] if user else []
    for at, part in enumerate(parts):
        messages += [CONTINUE] if at else []
        messages.append(PromptMessage.of("assistant", part))
    return tuple(messages)


def asking(text: str) -> tuple[PromptMessage, ...]:
    """What a turn adds to a request that it begins with this text."""
    return (PromptMessage.of("user", text),)


def texts(message: PromptMessage) -> tuple[str, ...]:
    """The texts of a message's blocks, each of which must be one of text."""
    assert all(isinstance(block, Text) for block in message.blocks)
    return tuple(block.text for block in message.blocks if isinstance(block, Text))


def turn(
    number: int,
    *,
    user: str = "question",
    reply: str = "answer",
    outcome: Outcome = "answered",
    tokens: tuple[int, int] = (10, 10),
    usage: Usage | None = None,
    window_start: int = 0,
    parts: tuple[str, ...] = (),
) -> Turn:
    """A turn of the history; `parts` of its reply took a request each."""
    return Turn(
        id=snowflake(number),
        sent=sent(user, parts or (reply,) if outcome == "answered" else ()),
        outcome=outcome,
        model="claude-test",
        user_tokens=tokens[0],
        reply_tokens=tokens[1] if outcome == "answered" else 0,
        usage=usage or Usage(),
        window_start=window_start,
        prefix_key="key",
    )
