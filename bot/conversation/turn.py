"""A turn: the messages that people wrote since the last reply, and the reply."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.conversation.consulted import Consulted
from bot.conversation.content import Source, Text, sources, text_of, without_files
from bot.conversation.message import created_ms
from bot.conversation.provenance import Provenance
from bot.conversation.request import Effort, PromptMessage, ThinkingType, Usage
from bot.conversation.scope import Scope

Outcome = Literal["answered", "failed", "refused", "removed"]

UNSENT: tuple[Outcome, ...] = ("refused", "removed")
"""The outcomes of turns that are not part of later requests."""


@dataclass(frozen=True, slots=True)
class Preface:
    """What stands before the window since a trim: a summary of the turns that went, and those that were pinned."""

    summary: str = ""
    pinned: tuple[Turn, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.summary or self.pinned)


@dataclass(frozen=True, slots=True)
class MadeWith:
    """What the request for the latest part of a reply held besides the messages of its turn.

    `effort` and `thinking` as they were sent. `prompt` is the scope that set the system prompt, None for the default.
    `turns` earlier turns were sent, with `files` files, and a summary of those before if `summary`.
    """

    effort: Effort | None = None
    thinking: ThinkingType | None = None
    prompt: Scope | None = None
    turns: int = 0
    files: int = 0
    summary: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One entry of the history.

    `id` is the id of its first message on Discord; `members` are the ids of all its messages, in order, and `authors`
    those of the people who wrote them, 0 where nobody knows (entries of old versions lack both). `sent` are its
    messages as they were and will be sent: what people wrote, the reply, and for each time that the reply was
    continued one more pair of messages.

    `outcome`: an `answered` turn ends with a reply. A `failed` turn has none; its blocks stand in front of those of
    the next turn. A `refused` turn is not sent again (stop_reason `refusal`, or a request that the API does not
    accept), nor is a turn whose messages were `removed`.

    `user_tokens` and `reply_tokens` are the tokens of its parts as history. `window_start` is the index of the
    first turn of the window that its request had. The reply can be continued if it has an `open_end`. `preface` is
    set where the turn made a trim; it counts until the next trim, which replaces it. `side_usage` is the usage of
    its requests besides (a summary). `amended` is the id of the newest turn at the time when the text of this turn
    was changed or taken back, 0 if it never was: counts and caches until then held another text. `cost` is the
    cost of all its requests in micro-dollars, None if unknown. `usage` is that of the request for the latest part
    of the reply, its output 0 if the stream broke off; `asked_ms` is when that request was sent, in ms since 1970,
    0 if unknown. `made_with` is None for entries of old versions, and of replies that were read back from Discord.
    `consulted` is what tools have read for the reply. `edits` are its messages whose edits were noted here, each with
    the time (ms) of the latest: an older edit that comes late changes nothing. `provenance` belongs to `members` as
    `authors` does; it is not sent to Claude.
    """

    id: int
    sent: tuple[PromptMessage, ...]
    outcome: Outcome
    model: str
    user_tokens: int
    reply_tokens: int
    usage: Usage
    window_start: int
    prefix_key: str
    members: tuple[int, ...] = ()
    open_end: bool = False
    preface: Preface | None = None
    side_usage: tuple[Usage, ...] = ()
    amended: int = 0
    cost: int | None = None
    asked_ms: int = 0
    authors: tuple[int, ...] = ()
    made_with: MadeWith | None = None
    consulted: tuple[Consulted, ...] = ()
    edits: tuple[tuple[int, int], ...] = ()
    provenance: tuple[Provenance, ...] = ()

    @property
    def question(self) -> PromptMessage:
        """The first message: what people wrote."""
        return self.sent[0] if self.sent else PromptMessage("user", ())

    @property
    def user(self) -> str:
        """The text of what people wrote, as it is sent."""
        return text_of(self.question.blocks, "\n")

    @property
    def reply_parts(self) -> tuple[str, ...]:
        """The texts of the reply, one for each request that it took."""
        return reply_parts(self.sent)

    @property
    def reply(self) -> str:
        """The text of the reply."""
        return "".join(self.reply_parts)

    @property
    def was_continued(self) -> bool:
        """Whether the reply took more than one request."""
        return len(self.sent) > 2

    @property
    def requested_ms(self) -> int:
        """When its request was sent, in ms since 1970; the time of its first message if that is unknown."""
        return self.asked_ms or created_ms(self.id)

    @property
    def tokens(self) -> int:
        """The tokens that the turn takes of the window."""
        return 0 if self.outcome in UNSENT else self.user_tokens + self.reply_tokens

    @property
    def read(self) -> bool:
        """Whether its window counts: Claude has read the request, or has left a summary."""
        return self.outcome != "failed" or bool(self.usage.input_total) or self.preface is not None

    def holds(self, messages: frozenset[int]) -> bool:
        """Say whether one of these messages belongs to the turn."""
        return not messages.isdisjoint(self.members or (self.id,))

    @property
    def sources(self) -> Iterator[Source]:
        """The files that its messages name, and those of the turns in its preface."""
        for message in self.sent:
            yield from sources(message.blocks)
        if self.preface is not None:
            for pinned in self.preface.pinned:
                yield from pinned.sources

    def without_files(self, gone: Collection[Source]) -> Turn:
        """Return the turn with a text in place of each file that is gone, also in its preface."""
        if not gone or not set(self.sources) & set(gone):
            return self
        sent = tuple(replace(message, blocks=without_files(message.blocks, gone)) for message in self.sent)
        preface = self.preface
        if preface is not None:
            preface = replace(preface, pinned=tuple(turn.without_files(gone) for turn in preface.pinned))
        return replace(self, sent=sent, preface=preface)

    def asked(self, question: PromptMessage) -> Turn:
        """Return the turn with another first message."""
        return replace(self, sent=(question, *self.sent[1:]))


def reply_parts(sent: Sequence[PromptMessage]) -> tuple[str, ...]:
    """Return the texts of the assistant messages."""
    return tuple(text_of(message.blocks) for message in sent if message.role == "assistant")


def exchange(question: PromptMessage, reply: str = "") -> tuple[PromptMessage, ...]:
    """Return the messages of a turn that took one request: the question, and the reply if there is one."""
    return (question, PromptMessage("assistant", (Text(reply),))) if reply else (question,)


def without_refused(history: Sequence[Turn]) -> tuple[Turn, ...]:
    """Mark as removed the failed turns whose messages were part of a request that was refused.

    Nobody knows for which of its messages a request was refused; if that message stayed, every later request would
    be refused.
    """
    turns = list(history)
    refused = 0
    for at in range(len(turns) - 1, -1, -1):
        turn = turns[at]
        if turn.outcome == "refused":
            refused = max(refused, turn.id)
        elif turn.outcome == "answered":
            refused = 0
        elif turn.outcome == "failed" and refused:
            turns[at] = replace(turn, outcome="removed", amended=max(turn.amended, refused))
    return tuple(turns)
