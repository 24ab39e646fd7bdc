"""What a worker gets when it takes a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.conversation.compose import Past
from bot.conversation.correction import Correction
from bot.conversation.errors import Unreadable
from bot.conversation.message import Message
from bot.conversation.turn import Turn, without_refused
from bot.store.codec import Result, load_correction, load_message, load_result, load_turn, pairs


class State(StrEnum):
    """How far a turn has come; each arrow between two of them is one script."""

    CLAIMED = "claimed"
    POSTING = "posting"
    POSTED = "posted"
    COMMITTED = "committed"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Meta:
    """What is known of a conversation: `parent` is the channel of a thread, `starter` who began it.

    `joined` is the first message that the bot answered in a thread of somebody else's, or since it `left` the
    conversation by the interaction of that id; `buttons` the message that
    carries those of the last reply. `pins` are the conversation's pinned messages, `places` where the history had
    their turns when that was noted, and `pinned_now` the interaction by which somebody asked that they count without
    waiting for a trim; `corrected` is the summary that the turn of that id has made, in somebody's own words. `cost`
    is the sum of its requests in micro-dollars, as far as it is known; of `unpriced` ones not all is.
    """

    guild: int | None = None
    parent: int | None = None
    starter: int | None = None
    joined: int | None = None
    left: int | None = None
    window_start: int = 0
    pins: frozenset[int] = frozenset()
    places: tuple[int, ...] = ()
    pinned_now: int | None = None
    corrected: Correction | None = None
    cost: int = 0
    unpriced: int = 0
    buttons: int | None = None

    def past(self, history: tuple[Turn, ...], recalled: tuple[Turn, ...], redone: Turn | None = None) -> Past:
        """Return what is known of the conversation, with these entries of its history; see Past."""
        return Past(
            history=without_refused(history),
            window_start=self.window_start,
            pins=self.pins,
            corrected=self.corrected,
            redone=redone,
            recalled=recalled,
            pinned_now=self.pinned_now,
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """A conversation that is ours until the lease ends, and the turn to do, or to settle.

    `lead` is the id of the turn's first message and so the turn's own; `members` are the ids of all. `replies`
    holds the ids of the messages that were posted, by part; of those `in_doubt` it is only known that somebody was
    about to post them. `tries` counts this one too. `listed` holds if the
    message came from a listing, so that it may have been answered before. `waiting` more messages are left for
    the next turn. With `settling` the turn is done, and only to be compared with what Discord shows.

    A turn that was done before is done `again` for the so manieth time, or with `more` its reply is continued; `own`
    is its entry of the history from before, `notice` the round and the id of the notice under its reply. `stopped`
    if somebody wishes it to end with what is written. Without `messages` all of them are deleted by now. `recalled`
    are the entries from before the cut that pins may bring back. `lost` earlier tries at it have not told what they
    cost. `halted` if Discord refused to show all of it. `sign` is the place and the id of the message that tells
    people that the answer comes later.
    """

    conversation: int
    token: int
    meta: Meta
    lead: int
    members: tuple[int, ...]
    messages: tuple[Message, ...]
    state: State
    replies: dict[int, int]
    in_doubt: tuple[int, ...]
    result: Result | None
    tries: int
    listed: bool
    history: tuple[Turn, ...]
    waiting: int
    settling: bool = False
    again: int = 0
    more: bool = False
    stopped: bool = False
    own: Turn | None = None
    notice: tuple[int, int] | None = None
    recalled: tuple[Turn, ...] = ()
    lost: int = 0
    halted: bool = False
    sign: tuple[int, int] | None = None

    @property
    def past(self) -> Past:
        """What is known of the conversation before the turn."""
        return self.meta.past(self.history, self.recalled, redone=self.own)

    @property
    def cut_off(self) -> Turn | None:
        """The entry whose reply is to be continued, None if the turn is answered from its beginning."""
        return self.own if self.more and self.own is not None and self.own.reply else None

    @property
    def reply_to(self) -> int | None:
        """The message that the reply points to: the last one it answers, so that Discord alone tells which.

        None for a thread's first message, which stands outside of it, where no reply can point to.
        """
        last = self.members[-1] if self.members else self.lead
        return None if last == self.conversation else last


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else works on the conversation, for `for_s` seconds more unless they renew."""

    for_s: float


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing can be done for `in_s` seconds.

    Then there is a turn to settle, one to answer anew after an edit, or Discord lets be shown what waits.
    """

    in_s: float


@dataclass(frozen=True, slots=True)
class UnreadableConversation:
    """The conversation is ours, but holds something that this version cannot read, as after a step back to it.

    `told` holds if the thread has been told so; the rest as in Claim.
    """

    conversation: int
    token: int
    lead: int
    told: bool


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing waits."""


def read_claim(conversation: int, answer: Sequence[Any]) -> Claim | UnreadableConversation:
    """Read the claim script's answer."""
    try:
        return _read(conversation, answer)
    except (Unreadable, ValueError):  # a state of which this version knows nothing is a ValueError
        _, token, _, lead, record, *_ = answer
        return UnreadableConversation(conversation, int(token), int(lead), told="told" in pairs(record))


def _read(conversation: int, answer: Sequence[Any]) -> Claim:
    kind, token, meta, lead, record, result, messages, history, waiting, recalled = answer
    fields = pairs(record)
    entries = [load_turn(entry) for entry in history]
    round_of_notice, _, notice = fields.get("notice", "").partition(":")
    settling = kind == "SETTLE"
    return Claim(
        conversation=conversation,
        token=int(token),
        meta=read_meta(pairs(meta)),
        lead=int(lead),
        members=tuple(int(member) for member in fields.get("members", "").split()),
        messages=read_messages(messages),
        state=State(fields.get("state", State.CANCELLED)),
        replies=read_replies(fields),
        in_doubt=_in_doubt(fields),
        result=_result(result, settling=settling),
        tries=int(fields.get("tries", 0)),
        listed=fields.get("source") == "listing",
        history=tuple(entry for entry in entries if entry.id != int(lead)),
        waiting=int(waiting),
        settling=settling,
        again=int(fields.get("again", 0)),
        more="more" in fields,
        stopped="stop" in fields,
        own=next((entry for entry in entries if entry.id == int(lead)), None),
        notice=(int(round_of_notice), int(notice)) if notice else None,
        recalled=tuple(load_turn(entry) for entry in recalled),
        lost=sum(try_ != token for try_ in fields.get("untold", "").split()),
        halted="halted" in fields,
        sign=read_sign(fields),
    )


def _result(text: str, *, settling: bool) -> Result | None:
    if not text:
        return None
    try:
        return load_result(text)
    except Unreadable:
        if settling:
            return None  # then nothing is compared, which is no reason to look at it for ever
        raise


def read_messages(flat: Sequence[Any]) -> tuple[Message, ...]:
    """Read ids and payloads; a message without one has been taken away."""
    return tuple(load_message(payload) for payload in pairs(flat).values() if payload)


def read_replies(fields: Mapping[str, str]) -> dict[int, int]:
    """Read the ids of the messages that were posted, by part."""
    found = {int(name[6:]): int(value) for name, value in fields.items() if name.startswith("reply:")}
    return dict(sorted(found.items()))


def read_sign(fields: Mapping[str, str]) -> tuple[int, int] | None:
    """Read the place and the id of the message that tells that the answer comes later."""
    place, _, message = fields.get("sign", "").partition(":")
    return (int(place), int(message)) if message else None


def _in_doubt(fields: Mapping[str, str]) -> tuple[int, ...]:
    intents = {int(name[7:]) for name in fields if name.startswith("intent:")}
    return tuple(sorted(intents - read_replies(fields).keys()))


FACTS = ("guild", "parent", "starter", "joined", "left", "buttons")
"""What is known of a conversation's place, whatever was said in it."""


def read_meta(fields: Mapping[str, str]) -> Meta:
    """Read what is known of a conversation; Unreadable if another version wrote it."""

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
        places=numbers("places"),
        pinned_now=number("pinned_now"),
        corrected=load_correction(fields.get("corrected", "")),
        cost=number("cost") or 0,
        unpriced=number("unpriced") or 0,
        buttons=number("buttons"),
    )
