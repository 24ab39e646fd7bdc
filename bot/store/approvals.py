"""The calls of tools that wait until somebody allows them, by conversation; each change is a compare-and-set."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.conversation.approval import WAITS_S, Approval
from bot.conversation.errors import Unreadable
from bot.store.connection import translated
from bot.store.content import Content
from bot.store.due_queue import DueQueue
from bot.store.history import History
from bot.store.keys import APPROVALS_S, Keys
from bot.store.scripts import Scripts
from bot.store.scripts.privacy import ReplaceField
from bot.store.states import State

TRIES = 5

_approvals = TypeAdapter(Approval)


class Approvals:
    """Keeps calls for `APPROVALS_S` after the latest change in their conversation.

    `due` has the conversations in which a call expires, or may have been interrupted.
    """

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._history = History(redis, keys)
        self.due = DueQueue(redis, keys.approvals_due)

    async def open(self, approval: Approval) -> Approval:
        """Add a call that waits; the same call again returns what became of it."""
        key = self._keys.approvals(approval.conversation)
        await self.due.schedule(approval.conversation, WAITS_S)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            pipe.hsetnx(key, str(approval.id), _text(approval))
            pipe.expire(key, APPROVALS_S)
            pipe.hget(key, str(approval.id))
            *_, stored = await pipe.execute()
        return _read(str(stored)) or approval

    async def find(self, conversation: int, approval: int) -> Approval | None:
        """Return a call, None if it is not known any more."""
        with translated():
            found = await self._redis.hget(self._keys.approvals(conversation), str(approval))
        return None if found is None else _read(str(found))

    async def of(self, conversation: int) -> tuple[Approval, ...]:
        """Return the calls of a conversation, the oldest first."""
        with translated():
            found: dict[Any, Any] = await self._redis.hgetall(self._keys.approvals(conversation))
        read = (each for text in found.values() if (each := _read(str(text))) is not None)
        return tuple(sorted(read, key=lambda each: each.created_ms))

    async def change(
        self, conversation: int, approval: int, step: Callable[[Approval], Approval | None]
    ) -> tuple[Approval | None, bool]:
        """Take a step from whatever state the call is in by now.

        Returns the call as it is then, None if it is not known any more, and whether this call of ours took the step:
        a step returns None where it is not allowed.
        """
        key = self._keys.approvals(conversation)
        # Two changes to the same state in the same millisecond are told apart by the stamp: one of them is taken.
        stamp = secrets.token_hex(8)
        for _ in range(TRIES):
            with translated():
                stored = await self._redis.hget(key, str(approval))
            current = None if stored is None else _read(str(stored))
            if stored is None or current is None:
                return None, False
            after = step(current)
            if after is None:
                return current, False
            after = replace(after, stamp=stamp)
            call = ReplaceField(value=key, field=str(approval), before=str(stored), after=_text(after))
            if await self._scripts.run(call):
                with translated():
                    await self._redis.expire(key, APPROVALS_S)
                return after, True
        return current, False

    async def look_soon(self, conversation: int) -> None:
        """Have the calls of a conversation looked after at once, if there are any."""
        with translated():
            has_calls = await self._redis.exists(self._keys.approvals(conversation))
        if has_calls:
            await self.due.schedule(conversation)

    async def is_withdrawn(self, approval: Approval) -> bool:
        """Whether the messages of the turn that made a call were deleted, or the turn was taken back."""
        conversation, turn = approval.conversation, approval.turn
        with translated():
            state = await self._redis.hget(self._keys.record(conversation, turn), "state")
        if state is not None and str(state) == State.CANCELLED:
            return True
        try:
            entry = await self._history.entry(conversation, turn)
        except Unreadable:
            return False  # another version wrote the entry
        return entry is not None and entry.outcome == "removed"

    async def forget(self, conversation: int, approval: int) -> None:
        """Remove a call."""
        with translated():
            await self._redis.hdel(self._keys.approvals(conversation), str(approval))


def asker_of(text: str) -> int | None:
    """Return who asked for a stored call, None if that cannot be read."""
    approval = _read(text)
    return None if approval is None else approval.asker


def _text(approval: Approval) -> Content:
    return Content(_approvals.dump_json(approval).decode())


def _read(text: str) -> Approval | None:
    try:
        return _approvals.validate_json(text)
    except ValidationError:
        return None  # another version has written it, or no key decrypts it
