"""What Claude may do in its thread: a poll, and a reaction."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field

from bot.conversation.visible import is_blank, plain
from bot.tools.discord_failures import asked
from bot.tools.tool import Tool, ToolContext, ToolFailed, ToolOutput, ToolPlace
from bot.tools.typed import tool_of

QUESTION_CHARS = 300
ANSWER_CHARS = 55
MOST_ANSWERS = 10
MOST_HOURS = 768
"""Discord, "Poll Create Request Object"."""

_LINK = re.compile(
    r"(?:https?://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/channels/(?:\d{1,20}|@me)/(?P<channel>\d{1,20})/)?"
    r"(?P<message>\d{15,20})"
)
_CUSTOM = re.compile(r"<?a?:?(\w{2,32}):(\d{15,20})>?")

Question = Annotated[str, Field(description="the question", min_length=1, max_length=QUESTION_CHARS)]
Answers = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=ANSWER_CHARS)]],
    Field(description="the answers to choose from", min_length=2, max_length=MOST_ANSWERS),
]
Hours = Annotated[int, Field(description="for how many hours people can vote", ge=1, le=MOST_HOURS)]
Emoji = Annotated[
    str,
    Field(description="one emoji, or one of this server such as <:name:123>", min_length=1, max_length=80),
]
Message = Annotated[
    str,
    Field(
        description="a link to a message of this conversation; empty for the message that you answer",
        max_length=120,
    ),
]


@dataclass(frozen=True, slots=True)
class PollDraft:
    """A poll to post."""

    question: str
    answers: tuple[str, ...]
    hours: int
    several: bool = False


class ThreadActions(Protocol):
    """Acts in the conversation of a place. Each raises DiscordError, and may be repeated with the same effect."""

    async def post_poll(self, place: ToolPlace, poll: PollDraft, nonce: str, after: int) -> str:
        """Post a poll and return its link; the same poll that stands there after the id `after` is that poll."""
        ...

    async def react(self, place: ToolPlace, channel: int | None, message: int, emoji: str) -> None:
        """React to a message; without a `channel`, to one of the conversation. A reaction that is there stays."""
        ...


def poll_tool(actions: ThreadActions) -> Tool:
    """Make the tool that posts a poll."""

    async def create_poll(
        context: ToolContext, question: Question, answers: Answers, hours: Hours = 24, several: bool = False
    ) -> ToolOutput:
        """Post a poll in this conversation, on which everybody here can vote. With `several`, people may choose
        several answers.
        """
        cleaned = tuple(plain(answer) for answer in answers)
        if is_blank(question) or any(map(is_blank, cleaned)):
            raise ToolFailed("The question and each answer need words that can be read.")
        if len(set(cleaned)) < len(cleaned):
            raise ToolFailed("Two answers are the same.")
        poll = PollDraft(plain(question), cleaned, hours, several)
        link = await asked(actions.post_poll(context.place, poll, f"{context.key[:22]}-p", context.turn))
        return ToolOutput.of(f"The poll stands in this conversation: {link}", link)

    return tool_of(create_poll, status="Making a poll", changes=True, repeats=True, asks=True)


def reaction_tool(actions: ThreadActions) -> Tool:
    """Make the tool that reacts to a message."""

    async def add_reaction(context: ToolContext, emoji: Emoji, message: Message = "") -> str:
        """React with an emoji to a message of this conversation: to the one that you answer, or to a linked one."""
        channel, target = _target(message, context)
        await asked(actions.react(context.place, channel, target, _emoji(emoji)))
        return "The reaction is there."

    return tool_of(add_reaction, status="Reacting", changes=True, repeats=True)


def _target(text: str, context: ToolContext) -> tuple[int | None, int]:
    """Return the channel, None for the conversation, and the message; only messages of the conversation count."""
    if not text.strip():
        return None, context.turn
    match = _LINK.fullmatch(text.strip())
    if match is None:
        raise ToolFailed(f"{text!r} is no link to a message.")
    place, message = context.place, int(match["message"])
    channel = int(match["channel"]) if match["channel"] else place.conversation
    # The message that a thread was started from stands in the channel above, and has the id of the thread.
    if channel == place.conversation or (channel == place.channel and message == place.conversation):
        return None, message
    raise ToolFailed("That message is not in this conversation, and only messages here can get a reaction.")


def _emoji(text: str) -> str:
    text = text.strip()
    if (custom := _CUSTOM.fullmatch(text)) is not None:
        return f"{custom[1]}:{custom[2]}"
    if text.isascii() or len(text) > 32:
        raise ToolFailed(f"{text!r} is no emoji.")
    return text
