"""What the journal and the history know of a message on Discord, for people who ask about it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from bot.conversation.turn import Turn
from bot.store.connection import translated
from bot.store.history import History
from bot.store.keys import Keys
from bot.store.records import read_replies
from bot.store.states import State


@dataclass(frozen=True, slots=True)
class MessageState:
    """The record of a message: its conversation, how far the message has come, and the turn that has answered it."""

    conversation: int
    state: State
    turn: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a message of the inbox waits for.

    `turn` is the turn that is open, begun at `began_ms` (None if unknown); `is_member` holds if the message is one of
    its messages. With `is_held` a worker has the lease. `due_ms` is until when the conversation is postponed, or the
    message held back, `hold_ms` until when the turn waits after an edit; both are None where they are over.
    """

    turn: int | None = None
    began_ms: int | None = None
    is_member: bool = False
    is_held: bool = False
    due_ms: int | None = None
    hold_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The ids of the messages of a reply; `halted` holds if Discord refused to show all of the reply."""

    replies: tuple[int, ...]
    halted: bool = False


@dataclass(frozen=True, slots=True)
class _Opened:
    """A turn that has begun, as its record says; `waits_ms` is until when its messages are held back."""

    id: int | None = None
    members: frozenset[int] = frozenset()
    began: str | None = None
    hold: str | None = None
    waits_ms: int | None = None


class MessageStates:
    """Reads records, without a lease: what is read may be over by the time it is shown."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._history = History(redis, keys)

    async def of(self, channel: int, messages: Sequence[int]) -> dict[int, MessageState]:
        """Return the states of a channel's messages that have a record.

        A message belongs to the conversation of its channel, or to that of the thread that was started from it.
        """
        if not messages:
            return {}
        pairs = [(message, conversation) for message in messages for conversation in (channel, message)]
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for message, conversation in pairs:
                pipe.hmget(self._keys.record(conversation, message), "state", "turn")
            found: list[Any] = await pipe.execute()
        return {
            message: MessageState(conversation, State(str(state)), int(turn) if turn else None)
            for (message, conversation), (state, turn) in zip(pairs, found, strict=True)
            if state in set(State)
        }

    async def waiting(self, conversation: int, message: int) -> Waiting:
        """Return what a message that is not answered yet waits for."""
        keys = self._keys
        with translated():
            pending: list[Any] = await self._redis.zrange(keys.pending(conversation), 0, -1)
            pipe = self._redis.pipeline(transaction=False)
            pipe.hmget(keys.lease(conversation), "expires", "due")
            for each in pending:
                record = keys.record(conversation, int(each))
                pipe.hmget(record, "state", "members", "began", "hold", "waits")
            (expires, due), *records = await pipe.execute()
        now_ms = round(time.time() * 1000)
        opened = [
            _Opened(
                int(each), frozenset(map(int, str(members or "").split())), began, hold, _later(waits, now_ms)
            )
            for each, (state, members, began, hold, waits) in zip(pending, records, strict=True)
            if state not in (None, State.RECEIVED)
        ]
        # A turn whose messages are held back is nothing that others wait for.
        opened = [each for each in opened if each.waits_ms is None or message in each.members]
        turn = next((each for each in opened if message in each.members), opened[0] if opened else _Opened())
        return Waiting(
            turn=turn.id,
            began_ms=int(turn.began) if turn.began else None,
            is_member=message in turn.members,
            is_held=int(expires or 0) > now_ms,
            due_ms=turn.waits_ms or _later(due, now_ms),
            hold_ms=_later(turn.hold, now_ms),
        )

    async def shown(self, conversation: int, turn: int) -> Shown:
        """Return what Discord shows of a turn's reply, as far as the record of the turn is known."""
        with translated():
            found: dict[Any, Any] = await self._redis.hgetall(self._keys.record(conversation, turn))
        fields = {str(name): str(value) for name, value in found.items()}
        return Shown(tuple(read_replies(fields).values()), halted="halted" in fields)

    async def entry(self, conversation: int, message: int) -> Turn | None:
        """Return the history entry of a message; Unreadable if another version wrote it."""
        return await self._history.entry(conversation, message)


def _later(when_ms: object, now_ms: int) -> int | None:
    when = int(str(when_ms)) if when_ms else 0
    return when if when > now_ms else None
