"""What people request of a turn: stop it, regenerate its reply, continue its reply.

Each request is a script that changes the store by itself, whichever worker has the conversation's lease; the worker
learns of the change by its lease. A repeated request has no further effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from redis.asyncio import Redis

from bot.conversation.message import created_ms
from bot.conversation.turn import Turn
from bot.store.claim import Presser
from bot.store.codec import load_message, pairs
from bot.store.history import History
from bot.store.keys import Keys, padded
from bot.store.records import read_replies
from bot.store.scripts import Scripts
from bot.store.scripts.revision import ReadStatus, Regenerate, Stop
from bot.store.states import State
from bot.store.work_queue import WorkQueue


class RegenerateResult(StrEnum):
    """What became of a request to regenerate or continue the last reply."""

    OK = "OK"
    BUSY = "BUSY"  # a turn runs, or a message waits
    OLD = "OLD"  # the turn is not the last one, or was forgotten
    GONE = "GONE"  # its messages are deleted


@dataclass(frozen=True, slots=True)
class TurnStatus:
    """A turn as it stands: the ids of the `askers`, and of the messages of the reply and of the notice below it."""

    turn_id: int
    state: State
    askers: frozenset[int]
    replies: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ConversationStatus:
    """A conversation as it stands: the `running` turn, the `last` one that is done, how many messages wait."""

    running: TurnStatus | None
    last: TurnStatus | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Edited:
    """The edit of a turn's message that has the turn answered again: its new `payload`, and when it was edited."""

    message: int
    payload: str
    edited_ms: int


class TurnControl:
    """Requests something of a turn, without the lease; see the scripts for what that does in which state."""

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int) -> None:
        self._keys = keys
        self._scripts = Scripts(redis)
        self._history = History(redis, keys)
        self._queue = WorkQueue(redis, keys)
        self._ttl_s = ttl_s

    async def status(self, conversation: int) -> ConversationStatus:
        """Read how a conversation stands."""
        keys = self._keys
        running, last, waiting = await self._scripts.run(
            ReadStatus(
                pending=keys.pending(conversation),
                meta=keys.meta(conversation),
                records=keys.record_prefix(conversation),
            )
        )
        return ConversationStatus(_read_status(running), _read_status(last), int(waiting))

    async def last_entry(self, conversation: int, turn: int) -> Turn | None:
        """Return the newest entry of the history, None if that entry is not the turn's."""
        entry = await self._history.last(conversation)
        return entry if entry is not None and entry.id == turn else None

    async def stop(self, conversation: int, turn: int | None = None) -> int | None:
        """Request that the running turn ends with what is written, and return its id; only that `turn` if given."""
        keys = self._keys
        found = await self._scripts.run(
            Stop(
                pending=keys.pending(conversation),
                lease=keys.lease(conversation),
                records=keys.record_prefix(conversation),
                turn=None if turn is None else padded(turn),
            )
        )
        return int(found) if found else None

    async def regenerate(
        self,
        conversation: int,
        turn: int,
        request: str,
        *,
        payer: Presser | None = None,
        continues: bool = False,
        withdraws: bool = False,
        edited: Edited | None = None,
    ) -> RegenerateResult:
        """Have a turn answered again, or its reply continued; `request` names the request, which counts once.

        The answer is on the account of the `payer`, by default of who asked.
        With `withdraws` the reply of a turn whose messages are all deleted is withdrawn.
        """
        keys = self._keys
        # Before the script, so that a crash in between leaves an item too many and never one too few; and after it.
        await self._queue.add(conversation, created_ms(turn))
        answer = await self._scripts.run(
            Regenerate(
                record=keys.record(conversation, turn),
                pending=keys.pending(conversation),
                meta=keys.meta(conversation),
                unreconciled=keys.reconcile(conversation),
                turn=padded(turn),
                records=keys.record_prefix(conversation),
                ttl_s=self._ttl_s,
                request=request,
                payer="" if payer is None else " ".join(map(str, (payer.person, *sorted(payer.roles)))),
                continues=continues,
                withdraws=withdraws,
                edited=padded(edited.message) if edited else "",
                payload=edited.payload if edited else "",
                edited_ms=edited.edited_ms if edited else 0,
            )
        )
        await self._queue.add(conversation, created_ms(turn))
        return RegenerateResult(str(answer))


def _read_status(answer: Sequence[Any]) -> TurnStatus | None:
    turn, record, asked = answer
    fields = pairs(record)
    if not turn or not fields:
        return None
    notice = fields.get("notice", "").rpartition(":")[2]
    return TurnStatus(
        turn_id=int(turn),
        state=State(fields.get("state", State.CANCELLED)),
        askers=frozenset(_askers(asked)),
        replies=(*read_replies(fields).values(), *((int(notice),) if notice else ())),
    )


def _askers(asked: Sequence[Any]) -> Iterator[int]:
    for author, payload in zip(asked[::2], asked[1::2], strict=True):
        if author:
            yield int(author)
        elif payload:  # received by a version that stored no author beside the payload
            yield load_message(str(payload)).author.id
