"""Whether a message is answered: a pure decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bot.conversation.answer_mode import AnswerMode, ModeInForce
from bot.conversation.scope import Origin, Scope
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
    ANSWERS_OFF = "answers_off"
    BEFORE_SETTING = "before_setting"
    BLOCKED = "blocked"
    UNKNOWN_AUTHOR = "unknown_author"
    REPEATED = "repeated"
    TOO_MANY_THREADS = "too_many_threads"
    PAUSED = "paused"
    NO_CONSENT = "no_consent"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class Facts:
    """The input of the decision.

    `mentions_bot` is set for a mention of the bot and for a reply to it. `for_somebody_else` is set if the message
    mentions or replies to another person than its author. `types_command` is set for a slash command of the bot
    that was typed as text: it is meant for the bot and not for Claude. `has_other_content` is set for a
    message that holds more than text: a file, a forward, a sticker, a poll or an embed. `begins_post` is set for the
    message that a forum post begins with. `written_ms` is when the message was written.
    """

    where: Where
    text: str
    written_ms: int = 0
    begins_post: bool = False
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


def decide(facts: Facts, policy: Policy, in_force: ModeInForce | None = None) -> Answer | Ignore:
    """Say whether a message is answered, and if not, why; the table in docs/access.md says the same."""
    if (ignored := dismiss(facts, policy)) is not None:
        return ignored
    decision = _addressed(facts, policy, in_force)
    return Ignore(Reason.TYPED_COMMAND) if facts.types_command and isinstance(decision, Answer) else decision


def dismiss(facts: Facts, policy: Policy) -> Ignore | None:
    """Say why a message is not answered wherever it stands and whatever is set there, None if that matters."""
    if not facts.by_a_person:
        return Ignore(Reason.NOT_A_PERSON)
    if not facts.is_ordinary:
        return Ignore(Reason.NOT_A_MESSAGE)
    if policy.ignore_prefix and facts.text.lstrip().startswith(policy.ignore_prefix):
        return Ignore(Reason.PREFIXED)
    if is_blank(facts.text) and not facts.has_other_content:
        return Ignore(Reason.EMPTY)
    return None


def _addressed(facts: Facts, policy: Policy, in_force: ModeInForce | None) -> Answer | Ignore:
    if facts.where is Where.DIRECT:
        return Answer() if policy.direct_messages else Ignore(Reason.DIRECT_MESSAGES_OFF)
    mode = None if in_force is None else in_force.mode
    origin = None if in_force is None else in_force.origin
    if mode is AnswerMode.NEVER:
        return Ignore(Reason.ANSWERS_OFF, origin)
    opens_thread = facts.where is Where.CHANNEL
    if facts.mentions_bot:
        return Answer(opens_thread)
    if mode is AnswerMode.ALWAYS and origin is not None and _counts_here(facts, origin):
        # A listing may bring a message that was written before somebody chose this.
        is_earlier = facts.written_ms < (origin.setting.at_ms or 0)
        return Ignore(Reason.BEFORE_SETTING, origin) if is_earlier else Answer(opens_thread)
    if mode is AnswerMode.QUIET or facts.where in (Where.CHANNEL, Where.OTHER_THREAD):
        return Ignore(Reason.NOT_MENTIONED, origin)
    return _in_conversation(facts, policy)


def _counts_here(facts: Facts, origin: Origin) -> bool:
    """Whether `always` answers a message: set for a thread, each; else what begins a conversation."""
    return facts.where is Where.CHANNEL or facts.begins_post or origin.scope is Scope.THREAD


def _in_conversation(facts: Facts, policy: Policy) -> Answer | Ignore:
    if policy.when == "always":
        return Answer()
    if policy.when == "mentioned":
        return Ignore(Reason.NOT_MENTIONED)
    return Ignore(Reason.FOR_SOMEBODY_ELSE) if facts.for_somebody_else else Answer()
