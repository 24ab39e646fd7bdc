"""What is remembered: facts, each of a place, and which of them a request is told; pure.

A fact belongs to the place where it was learnt, as the place was then. It is used where everybody who reads may read
that place: the public channels of a server share theirs, a private channel, a private thread and direct messages keep
theirs for themselves, and may use what is public in their server.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.conversation.content import Block, Text
from bot.conversation.elements import render_quote
from bot.conversation.message import Author, Message, Quote, Quoted, created_ms, first_id
from bot.conversation.request import PromptMessage
from bot.conversation.tokens import PRIOR
from bot.conversation.turn import UNSENT, Turn

MOST_FACT_CHARS = 400
MOST_FACTS = 100
"""How many facts a place holds."""

MOST_OF_PERSON = 25
"""How many of them one person may have told."""

MOST_SENT_CHARS = 6_000
"""How much one turn adds to the request, about 2,000 tokens; older facts follow with the next turns."""

ABOUT_AUTHOR = "about the person who told it"
FORGOTTEN = "this was forgotten, or holds here no more: do not use it"

_QUOTE = re.compile(r'<quote of="memory" title="([0-9a-f]+)"(?: remark="([^"]*)")?>')
"""The beginning of a block; nobody can forge it, because what people write stands in elements."""


class Keeping(StrEnum):
    """Where a fact is kept and used, in words for people."""

    PUBLIC = "the public channels of this server"
    CHANNEL = "this private channel"
    THREAD = "this private thread"
    DIRECT = "these direct messages"


@dataclass(frozen=True, slots=True)
class MemoryPlace:
    """Where facts are kept: `within` is a private channel or thread, None for the public channels of a server.

    `home` is the server, or the channel of direct messages.
    """

    home: int
    within: int | None

    @classmethod
    def of(
        cls, keeping: Keeping, *, conversation: int, channel: int | None, server: int | None
    ) -> MemoryPlace:
        """Return the place of a conversation."""
        if server is None or keeping is Keeping.DIRECT:
            return cls(conversation, conversation)
        if keeping is Keeping.PUBLIC:
            return cls(server, None)
        return cls(server, conversation if keeping is Keeping.THREAD else channel or conversation)

    @property
    def readable(self) -> tuple[MemoryPlace, ...]:
        """The places whose facts may be used here: this one, and what is public in the server."""
        if self.within is None or self.within == self.home:
            return (self,)
        return (self, MemoryPlace(self.home, None))


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that its author told, or let be remembered.

    `at_ms` is when, in ms since 1970; `source` is the id of the message or the interaction behind it. The fact was
    learnt in the `conversation` of the `channel`. If it `is_about_author`, it is told only where its author asks.
    """

    id: str
    text: str
    author: Author
    at_ms: int
    source: int
    conversation: int
    channel: int
    is_about_author: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A fact that stands in a turn of the request: the latest place where it was told."""

    turn: int
    quote: Quote


@dataclass(frozen=True, slots=True)
class News:
    """What a turn tells Claude in its first message, and what the request tells already.

    `gone` are the ids of facts that the request tells and that hold no more.
    """

    quotes: tuple[Quote, ...] = ()
    told: tuple[Told, ...] = ()
    gone: frozenset[str] = frozenset()


def news(facts: Sequence[Fact], turn: int, askers: Collection[int], sent: Sequence[Turn]) -> News:
    """Return which facts the request does not tell yet, and which of those that it tells hold no more.

    `facts` are all that may be used here, `sent` the turns of the request before. A fact that was learnt after the
    turn's first message waits for the next turn, so that an attempt after a crash sends the same bytes.
    """
    told, known = _told(sent), {fact.id for fact in facts}
    new: list[Fact] = []
    room = MOST_SENT_CHARS
    for fact in sorted(facts, key=lambda fact: (fact.at_ms, fact.id), reverse=True):
        concerns = not fact.is_about_author or fact.author.id in askers
        if not concerns or fact.at_ms > created_ms(turn) or fact.id in told:
            continue
        room -= len(fact.text)
        if room < 0:
            break
        new.append(fact)
    return News(
        tuple(map(_quote, reversed(new))),
        tuple(Told(told[fact.id], _quote(fact)) for fact in facts if fact.id in told),
        frozenset(told) - known,
    )


def tells_any(sent: Sequence[Turn]) -> bool:
    """Whether turns tell a fact that holds by the latest that was told."""
    return bool(_told(sent))


def tells(turn: Turn, facts: Collection[str]) -> bool:
    """Whether a turn, or a pinned one in its preface, tells the words of one of these facts."""
    pinned = () if turn.preface is None else turn.preface.pinned
    return any(_is_one_of(block, facts) for each in (turn, *pinned) for block in _blocks(each))


def without_facts(turn: Turn, gone: Collection[str], newest: int) -> Turn:
    """Return a turn that says of these facts that they hold no more, without their words, also in its preface.

    As after an edit, the tokens of the turn are an estimate from then on: `newest` is the id of the latest turn,
    whose request may hold the words.
    """
    preface = turn.preface
    if preface is not None and any(tells(each, gone) for each in preface.pinned):
        pinned = tuple(without_facts(each, gone, newest) for each in preface.pinned)
        turn = replace(turn, preface=replace(preface, pinned=pinned))
    if not any(_is_one_of(block, gone) for block in _blocks(turn)):
        return turn
    question = taken_back(turn.question, gone)
    return replace(
        turn.asked(question),
        user_tokens=PRIOR.sent(question),
        prefix_key="",
        amended=max(turn.amended, newest),
    )


def taken_back(message: PromptMessage, gone: Collection[str]) -> PromptMessage:
    """Return a message of a request with a remark in place of the words of these facts."""
    return replace(
        message,
        blocks=tuple(
            Text(render_quote(Quote("memory", 0, title=found[1], remark=FORGOTTEN)))
            if (found := _is_one_of(block, gone))
            else block
            for block in message.blocks
        ),
    )


def _is_one_of(block: Block, facts: Collection[str]) -> re.Match[str] | None:
    found = _QUOTE.match(block.text) if isinstance(block, Text) else None
    return found if found and found[1] in facts and found[2] != FORGOTTEN else None


def _blocks(turn: Turn) -> Sequence[Block]:
    return turn.question.blocks if turn.sent else ()


def lost(told: Sequence[Told], turns: Sequence[Turn]) -> tuple[Quote, ...]:
    """Return the facts that a request with these turns alone does not tell any more, after a trim."""
    left = {turn.id for turn in turns}
    return tuple(each.quote for each in told if each.turn not in left)


def with_quotes(messages: Sequence[Message], quotes: Sequence[Quote]) -> tuple[Message, ...]:
    """Return the messages of a turn with quotes behind those of the first message."""
    first, *others = messages
    return (replace(first, quotes=(*first.quotes, *quotes)), *others)


def _quote(fact: Fact) -> Quote:
    said = Quoted(first_id(fact.at_ms), text=fact.text, author=fact.author)
    remark = ABOUT_AUTHOR if fact.is_about_author else ""
    return Quote("memory", fact.conversation, (said,), title=fact.id, remark=remark)


def _told(turns: Sequence[Turn]) -> dict[str, int]:
    """Return the facts that turns tell and that hold by the latest that was told, each with the turn of that."""
    told: dict[str, int] = {}
    for turn in turns:
        for found in _quotes(turn):
            told[found[1]] = turn.id
            if found[2] == FORGOTTEN:
                del told[found[1]]
    return told


def _quotes(turn: Turn) -> Iterator[re.Match[str]]:
    if turn.outcome in UNSENT:
        return
    for block in turn.question.blocks:
        if isinstance(block, Text) and (found := _QUOTE.match(block.text)):
            yield found
