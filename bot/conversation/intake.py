"""Whether a message is answered: a pure decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bot.conversation.scope import Origin
from bot.conversation.visible import is_blank


class Where(StrEnum):
    """The kinds of channel that a message can be in."""

    CHANNEL = "channel"
    OWN_THREAD = "own_thread"
    JOINED_THREAD = "joined_thread"
    OTHER_THREAD = "other_thread"
    DIRECT = "direct"


OTHERS_THREADS = (Where.OTHER_THREAD, Where.JOINED_THREAD)
"""The threads in which people may have said something before the bot took part."""


class Reason(StrEnum):
    """Why a message is not answered; also the label of the metric."""

    NOT_A_PERSON = "not_a_person"
    NOT_A_MESSAGE = "not_a_message"
    PREFIXED = "prefixed"
    EMPTY = "empty"
    NOT_MENTIONED = "not_mentioned"
    FOR_SOMEBODY_ELSE = "for_somebody_else"
    TYPED_COMMAND = "typed_command"
    DIRECT_MESSAGES_OFF = "direct_messages_off"


@dataclass(frozen=True, slots=True)
class Facts:
    """The input of the decision.

    `mentions_bot` is set for a mention of the bot and for a reply to it. `for_somebody_else` is set if the message
    mentions or replies to another person than its author. `types_command` is set for a slash command of the bot
    that was typed as text: it is meant for the bot and not for Claude. `has_other_content` is set for a
    message that holds more than text: a file, a forward, a sticker, a poll or an embed.
    """

    where: Where
    text: str
    has_other_content: bool = False
    by_a_person: bool = True
    is_ordinary: bool = True
    mentions_bot: bool = False
    for_somebody_else: bool = False
    types_command: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of the operator."""

    when: Literal["always", "mentioned", "auto"] = "auto"
    ignore_prefix: str = "//"
    direct_messages: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """The message is answered, in a new thread if `opens_thread`."""

    opens_thread: bool = False


@dataclass(frozen=True, slots=True)
class Ignore:
    """The message is neither answered nor stored; `origin` is where the setting that decides was set, if one does."""

    reason: Reason
    origin: Origin | None = None


def decide(facts: Facts, policy: Policy) -> Answer | Ignore:
    """Say whether a message is answered, and if not, why."""
    if not facts.by_a_person:
        return Ignore(Reason.NOT_A_PERSON)
    if not facts.is_ordinary:
        return Ignore(Reason.NOT_A_MESSAGE)
    if policy.ignore_prefix and facts.text.lstrip().startswith(policy.ignore_prefix):
        return Ignore(Reason.PREFIXED)
    if is_blank(facts.text) and not facts.has_other_content:
        return Ignore(Reason.EMPTY)
    decision = _addressed(facts, policy)
    return Ignore(Reason.TYPED_COMMAND) if facts.types_command and isinstance(decision, Answer) else decision


def _addressed(facts: Facts, policy: Policy) -> Answer | Ignore:
    match facts.where:
        case Where.DIRECT:
            return Answer() if policy.direct_messages else Ignore(Reason.DIRECT_MESSAGES_OFF)
        case Where.CHANNEL:
            return Answer(opens_thread=True) if facts.mentions_bot else Ignore(Reason.NOT_MENTIONED)
        case Where.OTHER_THREAD:
            return Answer() if facts.mentions_bot else Ignore(Reason.NOT_MENTIONED)
        case Where.OWN_THREAD | Where.JOINED_THREAD:
            return _in_conversation(facts, policy)


def _in_conversation(facts: Facts, policy: Policy) -> Answer | Ignore:
    if policy.when == "always" or facts.mentions_bot:
        return Answer()
    if policy.when == "mentioned":
        return Ignore(Reason.NOT_MENTIONED)
    return Ignore(Reason.FOR_SOMEBODY_ELSE) if facts.for_somebody_else else Answer()
