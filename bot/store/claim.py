"""The values that the claim script returns: a claim of a turn, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.conversation.compose import Past
from bot.conversation.correction import Correction
from bot.conversation.errors import Unreadable
from bot.conversation.message import Message
from bot.conversation.turn import Turn, without_refused
from bot.store.codec import Result, load_correction, load_message, load_result, load_turn, pairs
from bot.store.states import State


@dataclass(frozen=True, slots=True)
class Meta:
    """The stored fields of a conversation: `parent` is the channel of a thread, `starter` the person who began it.

    `joined` is the first message that the bot answered in another thread, or since the bot `left` the conversation
    (the id of that interaction). `buttons` is the message that carries the buttons of the last reply. `pins` are the
    pinned messages, `pinned_indexes` the history indexes of their turns, and `pinned_now` the interaction that asked
    to apply pins before the next trim. `corrected` is a turn's summary as a person has corrected it. `cost` is the
    sum of the known costs of requests in micro-dollars; `unpriced` counts the requests without a complete cost.
    """

    guild: int | None = None
    parent: int | None = None
    starter: int | None = None
    joined: int | None = None
    left: int | None = None
    window_start: int = 0
    pins: frozenset[int] = frozenset()
    pinned_indexes: tuple[int, ...] = ()
    pinned_now: int | None = None
    corrected: Correction | None = None
    cost: int = 0
    unpriced: int = 0
    buttons: int | None = None

    def past(
        self, history: tuple[Turn, ...], recalled: tuple[Turn, ...], earlier: Turn | None = None
    ) -> Past:
        """Return the conversation's past with these entries of its history; see Past."""
        return Past(
            history=without_refused(history),
            window_start=self.window_start,
            pins=self.pins,
            corrected=self.corrected,
            earlier=earlier,
            recalled=recalled,
            pinned_now=self.pinned_now,
        )


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a conversation; every script compares `token` with the stored one."""

    conversation: int
    token: int


@dataclass(frozen=True, slots=True)
class Batch:
    """The messages that one turn answers.

    `members` are the ids of all of them, `messages` those that are not deleted. `listed` holds if a message came from
    a listing, so that Discord may show an answer already. `waiting` counts the messages left for the next turn.
    """

    members: tuple[int, ...]
    messages: tuple[Message, ...]
    listed: bool = False
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """How far the turn has come.

    `number` counts attempts from 1; `regeneration` counts regenerations, 0 is the first answer. `replies` maps parts
    to the ids of posted messages; for the parts `unconfirmed` only the intent to post is known. `result` is the
    committed result. `stopped`: a person asked to end the turn with the text written so far. `halted`: Discord
    refused to show the whole reply. `delay_notice` is the channel id and the message id of the notice that the answer
    comes later.
    """

    state: State
    number: int
    regeneration: int = 0
    replies: Mapping[int, int] = field(default_factory=dict)
    unconfirmed: tuple[int, ...] = ()
    result: Result | None = None
    stopped: bool = False
    halted: bool = False
    delay_notice: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class EarlierAnswer:
    """The answer that the turn already has, if it is regenerated or continued.

    `entry` is its history entry; `notice` is the regeneration that posted the notice under the reply, and its id.
    With `continuing` the reply is continued in place of being replaced.
    """

    entry: Turn | None = None
    notice: tuple[int, int] | None = None
    continuing: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """The lease of a conversation, and the turn to answer, or to reconcile with Discord.

    `turn_id` is the id of the first message. `history` starts at the window; `recalled` are entries from before
    the window that pins may bring back. With `reconciling` the turn is done and only compared with Discord.
    """

    lease: Lease
    turn_id: int
    meta: Meta
    batch: Batch
    attempt: Attempt
    history: tuple[Turn, ...] = ()
    recalled: tuple[Turn, ...] = ()
    earlier: EarlierAnswer = EarlierAnswer()
    reconciling: bool = False

    @property
    def conversation(self) -> int:
        """The channel id of the conversation."""
        return self.lease.conversation

    @property
    def token(self) -> int:
        """The token of the lease."""
        return self.lease.token

    @property
    def past(self) -> Past:
        """The conversation before the turn."""
        return self.meta.past(self.history, self.recalled, earlier=self.earlier.entry)

    @property
    def continued(self) -> Turn | None:
        """The entry whose reply is continued; None if the turn is answered from the start."""
        entry = self.earlier.entry
        return entry if self.earlier.continuing and entry is not None and entry.reply else None

    @property
    def reply_to(self) -> int | None:
        """The message that the reply references: the last member, so that Discord alone shows the batch.

        None for a thread's starter message, which is outside the thread and cannot be referenced.
        """
        last = self.batch.members[-1] if self.batch.members else self.turn_id
        return None if last == self.conversation else last


@dataclass(frozen=True, slots=True)
class Held:
    """Another worker holds the lease, for `for_s` seconds unless the worker renews it."""

    for_s: float


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing to do for `in_s` seconds.

    Then a turn is due: to be reconciled, regenerated after an edit, or shown once Discord allows it.
    """

    in_s: float


@dataclass(frozen=True, slots=True)
class UnreadableConversation:
    """The lease of a conversation with stored values that this version cannot read, as after a downgrade.

    `notified`: the thread has the notice about it.
    """

    lease: Lease
    turn_id: int
    notified: bool

    @property
    def conversation(self) -> int:
        """The channel id of the conversation."""
        return self.lease.conversation

    @property
    def token(self) -> int:
        """The token of the lease."""
        return self.lease.token


@dataclass(frozen=True, slots=True)
class Idle:
    """No message waits, and no turn is due."""


def read_claim(conversation: int, answer: Sequence[Any]) -> Claim | UnreadableConversation:
    """Read the claim script's answer."""
    try:
        return _read(conversation, answer)
    except (Unreadable, ValueError):  # a state that this version does not know is a ValueError
        _, token, _, turn_id, record, *_ = answer
        lease = Lease(conversation, int(token))
        return UnreadableConversation(lease, int(turn_id), notified="told" in pairs(record))


def _read(conversation: int, answer: Sequence[Any]) -> Claim:
    kind, token, meta, turn_id, record, result, messages, history, waiting, recalled = answer
    fields = pairs(record)
    entries = [load_turn(entry) for entry in history]
    reconciling = kind == "RECONCILE"
    return Claim(
        lease=Lease(conversation, int(token)),
        turn_id=int(turn_id),
        meta=read_meta(pairs(meta)),
        batch=Batch(
            members=tuple(int(member) for member in fields.get("members", "").split()),
            messages=read_messages(messages),
            listed=fields.get("source") == "listing",
            waiting=int(waiting),
        ),
        attempt=Attempt(
            state=State(fields.get("state", State.CANCELLED)),
            number=int(fields.get("tries", 0)),
            regeneration=int(fields.get("again", 0)),
            replies=read_replies(fields),
            unconfirmed=_unconfirmed(fields),
            result=_result(result, reconciling=reconciling),
            stopped="stop" in fields,
            halted="halted" in fields,
            delay_notice=read_delay_notice(fields),
        ),
        history=tuple(entry for entry in entries if entry.id != int(turn_id)),
        recalled=tuple(load_turn(entry) for entry in recalled),
        earlier=EarlierAnswer(
            entry=next((entry for entry in entries if entry.id == int(turn_id)), None),
            notice=_pair(fields.get("notice", "")),
            continuing="more" in fields,
        ),
        reconciling=reconciling,
    )


def _result(text: str, *, reconciling: bool) -> Result | None:
    if not text:
        return None
    try:
        return load_result(text)
    except Unreadable:
        if reconciling:
            return None  # nothing is compared then; raising would have the turn claimed for ever
        raise


def read_messages(flat: Sequence[Any]) -> tuple[Message, ...]:
    """Read ids and payloads; a deleted message has no payload."""
    return tuple(load_message(payload) for payload in pairs(flat).values() if payload)


def read_replies(fields: Mapping[str, str]) -> dict[int, int]:
    """Read the ids of the posted messages, by part."""
    found = {int(name[6:]): int(value) for name, value in fields.items() if name.startswith("reply:")}
    return dict(sorted(found.items()))


def read_delay_notice(fields: Mapping[str, str]) -> tuple[int, int] | None:
    """Read the channel id and the message id of the notice that the answer comes later."""
    return _pair(fields.get("sign", ""))


def _pair(text: str) -> tuple[int, int] | None:
    first, _, second = text.partition(":")
    return (int(first), int(second)) if second else None


def _unconfirmed(fields: Mapping[str, str]) -> tuple[int, ...]:
    intents = {int(name[7:]) for name in fields if name.startswith("intent:")}
    return tuple(sorted(intents - read_replies(fields).keys()))


FACTS = ("guild", "parent", "starter", "joined", "left", "buttons")
"""The fields of `meta` that describe the channel and not what was said; a reset keeps them."""


def read_meta(fields: Mapping[str, str]) -> Meta:
    """Read the stored fields of a conversation; Unreadable if another version wrote them."""

    def number(name: str) -> int | None:
        try:
            return int(fields[name]) if fields.get(name) else None
        except ValueError:
            raise Unreadable from None

    def numbers(name: str) -> tuple[int, ...]:
        try:
            return tuple(int(each) for each in fields.get(name, "").split())
        except ValueError:
            raise Unreadable from None

    return Meta(
        guild=number("guild"),
        parent=number("parent"),
        starter=number("starter"),
        joined=number("joined"),
        left=number("left"),
        window_start=number("cut") or 0,
        pins=frozenset(numbers("pins")),
        pinned_indexes=numbers("places"),
        pinned_now=number("pinned_now"),
        corrected=load_correction(fields.get("corrected", "")),
        cost=number("cost") or 0,
        unpriced=number("unpriced") or 0,
        buttons=number("buttons"),
    )
