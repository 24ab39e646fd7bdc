"""What people want done with what they said, or were answered: stop, anew, more, an edit, a deletion.

Each is a script that changes the store by itself, whoever works on the conversation at the time; whoever does finds
out by its lease. Doing it twice is doing it once, for both instances of a bot hear of an edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from redis.asyncio import Redis

from bot.conversation.message import Message, created_ms
from bot.conversation.revision import amended
from bot.conversation.turn import Turn
from bot.store.claim import State, read_replies
from bot.store.codec import dump_message, dump_turn, load_message, load_turn, pairs
from bot.store.connection import translated
from bot.store.keys import BURIED_S, DONE_RECORD_S, Keys, padded
from bot.store.scripts import Scripts

PAGE_TURNS = 50
"""The history is searched from its end, so many entries at a time."""

FIRST_PAUSE_MS = 4_000
MOST_PAUSE_MS = 60_000
AFRESH_MS = 600_000
"""The first edit of an answered turn is answered at once, the next one 4 s after that at the earliest, and so on: who
mends a slip hardly waits, and 15 edits in 15 s come to four answers in place of 15."""

TRIES = 5
"""An entry changes while it is being changed only where a turn ends at that moment, or is edited twice."""


class RegenerateResult(StrEnum):
    """What became of a wish to have the last turn answered anew, or its reply continued."""

    OK = "OK"
    BUSY = "BUSY"  # something is being answered, or waits for it
    OLD = "OLD"  # it is not the last turn, or was forgotten
    GONE = "GONE"  # its messages are deleted


class Change(StrEnum):
    """Where an edit or a deletion was noted."""

    UNKNOWN = "UNKNOWN"
    SAME = "SAME"  # it changes nothing
    LATER = "LATER"  # an edit, and the turn is just being finished: try again in a moment
    WAITING = "WAITING"  # in the inbox
    ANSWERING = "ANSWERING"  # in the turn that is being answered, which begins anew
    LAST = "LAST"  # in the last turn, which is to be answered anew
    OLD = "OLD"  # in the history


@dataclass(frozen=True, slots=True)
class Round:
    """A turn as it stands: the ids of who asked, and of the messages of its reply and of the notice below."""

    lead: int
    state: State
    askers: frozenset[int]
    replies: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a conversation stands: what is being `answering`, what was answered `last`, how many messages wait."""

    answering: Round | None
    last: Round | None
    waiting: int


class Revisions:
    """Notes wishes and changes; see the scripts for what each does to a turn in which state."""

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._ttl_s = ttl_s

    async def standing(self, conversation: int) -> Standing:
        """Read how a conversation stands."""
        keys = self._keys
        answering, last, waiting = await self._run(
            "standing",
            [keys.pending(conversation), keys.meta(conversation)],
            [keys.record_prefix(conversation)],
        )
        return Standing(_read_round(answering), _read_round(last), int(waiting))

    async def stop(self, conversation: int, lead: int | None = None) -> int | None:
        """Request that the turn being answered, or only that one, ends with what is written; return its lead."""
        keys = self._keys
        found = await self._run(
            "stop",
            [keys.pending(conversation), keys.lease(conversation)],
            [keys.record_prefix(conversation), "" if lead is None else padded(lead)],
        )
        return int(found) if found else None

    async def again(self, conversation: int, lead: int, wish: str, *, more: bool = False) -> RegenerateResult:
        """Have a turn answered anew, or its reply continued; `wish` names the order, so that it counts once."""
        return await self._again(conversation, lead, wish, "1" if more else "", ["", "", ""])

    async def latest(self, conversation: int, lead: int) -> Turn | None:
        """Return the last entry of the history, None if that is not this turn's."""
        with translated():
            text = await self._redis.lindex(self._keys.history(conversation), -1)
        entry = load_turn(str(text)) if text else None
        return entry if entry is not None and entry.id == lead else None

    async def edit(self, conversation: int, message: Message, *, edited_ms: int) -> Change:
        """Note what a message says by now."""
        key = self._keys.record(conversation, message.id)
        with translated():
            held = await self._redis.hget(key, "payload")
        if held:
            before = load_message(str(held))
            message = replace(before, text=message.text, attachments=message.attachments)
        payload = dump_message(message)
        told = [padded(message.id), payload, str(edited_ms)]
        for _ in range(TRIES):
            change, lead = await self._revise(conversation, message.id, payload, edited_ms)
            if change in (Change.LAST, Change.ANSWERING):
                await self._hold(conversation, lead or 0, f"{message.id}-{edited_ms}")
            if change is not Change.LAST:
                break
            wish = await self._again(conversation, lead or 0, f"edit-{message.id}-{edited_ms}", "", told)
            if wish is RegenerateResult.OK:
                return change
            # Another edit was faster, whose round is to have this text, or something else has been said just now.
            change = Change.OLD
        if change in (Change.OLD, Change.UNKNOWN) and await self._amend(conversation, message.id, message):
            return Change.OLD  # the history is kept longer than the records of what is in it
        return Change.SAME if change is Change.OLD else change

    async def delete(self, conversation: int, message: int) -> Change:
        """Forget a message."""
        # The history is kept longer than the records of what is in it; and a turn that is done anew is in it. Twice:
        # whoever takes such a turn up again must read what is left of it, and what was committed meanwhile goes too.
        amended = await self._amend(conversation, message, None)
        change, _ = await self._revise(conversation, message, "", 0)
        if change is not Change.WAITING:
            amended = await self._amend(conversation, message, None) or amended
        return Change.OLD if amended and change in (Change.UNKNOWN, Change.SAME) else change

    async def amend(self, conversation: int, now: Message) -> bool:
        """Change what the history says of a message whose turn is committed, and so is all it is kept for."""
        key = self._keys.record(conversation, now.id)
        with translated():
            held = await self._redis.hget(key, "payload")
            if held:
                now = replace(load_message(str(held)), text=now.text, attachments=now.attachments)
                await self._redis.hset(key, "payload", dump_message(now))
        return await self._amend(conversation, now.id, now)

    async def resume(self, conversation: int) -> bool:
        """Have a reply put right that Discord refused to show whole; False if there is none."""
        keys = self._keys
        found = await self._run(
            "resume",
            [keys.meta(conversation), keys.settling(conversation)],
            [keys.record_prefix(conversation), DONE_RECORD_S],
        )
        if found:
            await self.note(conversation, conversation)
        return bool(found)

    async def homes(self, message: int, channel: int) -> tuple[int, ...]:
        """Return the conversations that a message of a channel may belong to; a thread's first is its own."""
        keys = self._keys
        found = []
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            places = tuple(dict.fromkeys((message, channel)))
            for place in places:
                pipe.exists(keys.record(place, message), keys.history(place))
            for place, exists in zip(places, await pipe.execute(), strict=True):
                if exists:
                    found.append(place)
        return tuple(found)

    async def bury(self, message: int, channel: int) -> bool:
        """Have a deleted message never taken in, wherever it may belong to; False if it was just now."""
        places = dict.fromkeys((message, channel))
        buried = [
            await self._run("bury", [self._keys.record(place, message)], [BURIED_S]) for place in places
        ]
        return all(buried)

    async def note(self, conversation: int, message: int) -> None:
        """Put a conversation on the list of those that need attention, because of a message in it."""
        with translated():
            # Another score each time, so that whoever just found nothing to do does not take it away.
            when_ms = created_ms(message)
            await self._redis.zadd(self._keys.work, {str(conversation): when_ms}, nx=True)
            await self._redis.zincrby(self._keys.work, 1, str(conversation))

    async def _hold(self, conversation: int, lead: int, edit: str) -> None:
        """Have the turn wait, before it can be taken up; a crash in between costs an answer too many."""
        pauses = [FIRST_PAUSE_MS, MOST_PAUSE_MS, AFRESH_MS]
        await self._run("hold", [self._keys.record(conversation, lead)], [edit, *pauses])

    async def _again(
        self, conversation: int, lead: int, wish: str, more: str, told: Sequence[str]
    ) -> RegenerateResult:
        keys = self._keys
        # Before, so that a crash leaves a hint too many and never one too few; and after, with another score.
        await self.note(conversation, lead)
        answer = await self._run(
            "again",
            [
                keys.record(conversation, lead),
                keys.pending(conversation),
                keys.meta(conversation),
                keys.settling(conversation),
            ],
            [padded(lead), keys.record_prefix(conversation), self._ttl_s, wish, more, *told],
        )
        await self.note(conversation, lead)
        return RegenerateResult(str(answer))

    async def _revise(
        self, conversation: int, message: int, payload: str, edited_ms: int
    ) -> tuple[Change, int | None]:
        keys = self._keys
        await self.note(conversation, message)
        change, lead = await self._run(
            "revise",
            [keys.lease(conversation), keys.pending(conversation), keys.meta(conversation)],
            [keys.record_prefix(conversation), padded(message), payload, edited_ms, DONE_RECORD_S],
        )
        await self.note(conversation, message)
        return Change(str(change)), int(lead) if lead else None

    async def _amend(self, conversation: int, message: int, now: Message | None) -> bool:
        """Change what the history says of a message; False if it is not in it, or says so already."""
        for _ in range(TRIES):
            found = await self._find(conversation, message)
            if found is None:
                return False
            place, text, entry, newest = found
            changed = amended(entry, message, now, newest)
            if changed == entry:
                return False
            done = await self._run(
                "amend", [self._keys.history(conversation)], [place, text, dump_turn(changed)]
            )
            if done:
                return True
        return False

    async def _find(self, conversation: int, message: int) -> tuple[int, str, Turn, int] | None:
        key = self._keys.history(conversation)
        with translated():
            end = int(await self._redis.llen(key))
        newest, passed = 0, False
        while end > 0:
            start = max(0, end - PAGE_TURNS)
            with translated():
                page: list[Any] = await self._redis.lrange(key, start, end - 1)
            newest = newest or (load_turn(str(page[-1])).id if page else 0)
            for offset in reversed(range(len(page))):
                text = str(page[offset])
                # Cheaper than reading an entry that does not name it.
                if str(message) in text:
                    entry = load_turn(text)
                    if message in (entry.members or (entry.id,)):
                        return start + offset, text, entry, newest
            # Entries stand by their first messages, but for those that a listing has brought late.
            if passed or not page:
                return None
            passed = load_turn(str(page[0])).id <= message
            end = start
        return None

    async def _run(self, name: str, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        with translated():
            return await self._scripts.run(name, keys, arguments)


def _read_round(told: Sequence[Any]) -> Round | None:
    lead, record, asked = told
    fields = pairs(record)
    if not lead or not fields:
        return None
    notice = fields.get("notice", "").rpartition(":")[2]
    return Round(
        lead=int(lead),
        state=State(fields.get("state", State.CANCELLED)),
        askers=frozenset(_askers(asked)),
        replies=(*read_replies(fields).values(), *((int(notice),) if notice else ())),
    )


def _askers(asked: Sequence[Any]) -> Iterator[int]:
    for author, payload in zip(asked[::2], asked[1::2], strict=True):
        if author:
            yield int(author)
        elif payload:  # received by a version that kept nobody's id beside it
            yield load_message(str(payload)).author.id
