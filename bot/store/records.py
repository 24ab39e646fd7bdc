"""Reads the fields of Redis hashes and the answers of scripts as the store's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.conversation.errors import Unreadable
from bot.conversation.message import Message
from bot.conversation.placeholders import Names
from bot.store.claim import (
    BY_ANOTHER,
    Attempt,
    Batch,
    Claim,
    EarlierAnswer,
    Lease,
    Meta,
    Presser,
    UnreadableConversation,
)
from bot.store.codec import (
    Result,
    load_correction,
    load_message,
    load_result,
    load_timeline,
    load_turn,
    pairs,
)
from bot.store.content import is_sealed
from bot.store.states import State


def read_claim(conversation: int, answer: Sequence[Any]) -> Claim | UnreadableConversation:
    """Read the claim script's answer."""
    try:
        return _read(conversation, answer)
    except (Unreadable, ValueError):  # a state that this version does not know is a ValueError
        _, token, _, turn_id, record, *_ = answer
        lease = Lease(conversation, int(token))
        return UnreadableConversation(lease, int(turn_id), notified="told" in pairs(record))


def _read(conversation: int, answer: Sequence[Any]) -> Claim:
    kind, token, meta, turn_id, record, result, messages, history, waiting, recalled, due = answer
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
            by_another=fields.get("wish", "").endswith(BY_ANOTHER),
            presser=_presser(fields.get("payer", "")),
            replies=read_replies(fields),
            unconfirmed=_unconfirmed(fields),
            result=_result(result, reconciling=reconciling),
            stopped="stop" in fields,
            halted="halted" in fields,
            delay_notice=read_delay_notice(fields),
            costs=_costs(fields, before=int(token)),
            lost=int(fields.get("lost", 0)),
            told="told" in fields,
            timeline=load_timeline(fields.get("timeline", "")),
        ),
        history=tuple(entry for entry in entries if entry.id != int(turn_id)),
        recalled=tuple(load_turn(entry) for entry in recalled),
        earlier=EarlierAnswer(
            entry=next((entry for entry in entries if entry.id == int(turn_id)), None),
            notice=_pair(fields.get("notice", "")),
            continuing="more" in fields,
        ),
        due=str(due),
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


def _costs(fields: Mapping[str, str], *, before: int) -> tuple[int | None, ...]:
    """Read the recorded costs of earlier attempts at this answer, of which the first had the token `first_token`."""
    first = int(fields.get("first_token", before))
    recorded = {int(name[6:]): cost for name, cost in fields.items() if name.startswith("spent:")}
    return tuple(
        int(cost) if cost.isdecimal() else None
        for token, cost in sorted(recorded.items())
        if first <= token < before
    )


def _presser(text: str) -> Presser | None:
    person, *roles = map(int, text.split() or ["0"])
    return Presser(person, frozenset(roles)) if person else None


def _pair(text: str) -> tuple[int, int] | None:
    first, _, second = text.partition(":")
    return (int(first), int(second)) if second else None


def _unconfirmed(fields: Mapping[str, str]) -> tuple[int, ...]:
    intents = {int(name[7:]) for name in fields if name.startswith("intent:")}
    return tuple(sorted(intents - read_replies(fields).keys()))


CHANNEL_FIELDS = ("guild", "parent", "private", "starter", "handed", "joined", "left", "buttons")
"""The fields of `meta` that describe the channel and not what was said; a reset keeps them."""


NAME_FIELDS = ("server_name", "channel_name")
"""The fields of `meta` that are content, and fill the placeholders of prompts."""


BRANCH_FIELD = "branch:"
"""The beginning of the fields of `meta` that name the branches of a conversation; a reset keeps them."""


def branches_in(fields: Sequence[str]) -> tuple[int, ...]:
    """Return the branches that are noted with a conversation, by the names of its fields."""
    length = len(BRANCH_FIELD)
    return tuple(
        int(name[length:]) for name in fields if name.startswith(BRANCH_FIELD) and name[length:].isdecimal()
    )


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

    def names() -> Names:
        found = [fields.get(name, "") for name in NAME_FIELDS]
        if any(map(is_sealed, found)):
            raise Unreadable
        return Names(*found)

    return Meta(
        guild=number("guild"),
        parent=number("parent"),
        is_private=fields.get("private") == "1",
        starter=number("starter"),
        handed=number("handed"),
        branch_of=number("branch_of"),
        joined=number("joined"),
        left=number("left"),
        floor=number("floor"),
        window_start=number("cut") or 0,
        pins=frozenset(numbers("pins")),
        pinned_indexes=numbers("places"),
        pinned_now=number("pinned_now"),
        corrected=load_correction(fields.get("corrected", "")),
        cost=number("cost") or 0,
        unpriced=number("unpriced") or 0,
        buttons=number("buttons"),
        names=names(),
        correction=fields.get("corrected", ""),
    )
