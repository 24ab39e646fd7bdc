"""The calls of tools that wait until somebody allows them, by conversation; each change is a compare-and-set."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.conversation.approval import WAITS_S, Approval
from bot.conversation.errors import Unreadable
from bot.store.connection import translated
from bot.store.content import Content
from bot.store.due_queue import DueQueue
from bot.store.hash_values import HashValues
from bot.store.history import History
from bot.store.key_lifetimes import APPROVALS_S
from bot.store.keys import Keys
from bot.store.served import Serves
from bot.store.states import State

_approvals = TypeAdapter(Approval)


class Approvals:
    """Keeps calls for `APPROVALS_S` after the latest change in their conversation.

    `due` has the conversations in which a call expires, or may have been interrupted.
    """

    def __init__(self, redis: Redis, keys: Keys, serves: Serves | None = None) -> None:
        self._redis = redis
        self._keys = keys
        self._values = HashValues(redis, _approvals)
        self._history = History(redis, keys)
        self.due = DueQueue(redis, keys.approvals_due, serves)

    async def open(self, approval: Approval) -> Approval:
        """Add a call that waits; the same call again returns what became of it."""
        key = self._keys.approvals(approval.conversation)
        await self.due.schedule(approval.conversation, WAITS_S)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            pipe.hsetnx(key, str(approval.id), self._values.text(approval))
            pipe.expire(key, APPROVALS_S)
            pipe.hget(key, str(approval.id))
            *_, stored = await pipe.execute()
        return self._values.read(str(stored)) or approval

    async def find(self, conversation: int, approval: int) -> Approval | None:
        """Return a call, None if it is not known any more."""
        return await self._values.find(self._keys.approvals(conversation), str(approval))

    async def of(self, conversation: int) -> tuple[Approval, ...]:
        """Return the calls of a conversation, the oldest first."""
        found = await self._values.all(self._keys.approvals(conversation))
        return tuple(sorted(found, key=lambda each: each.created_ms))

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

        def stamped(found: Approval) -> Approval | None:
            after = step(found)
            return None if after is None else replace(after, stamp=stamp)

        after, taken = await self._values.change(key, str(approval), stamped)
        if taken:
            with translated():
                await self._redis.expire(key, APPROVALS_S)
        return after, taken

    async def note_shown(self, approval: Approval) -> Approval | None:
        """Note that a card says what the call was; returns the call as it is, None if it is not known any more.

        That is no change of the call: who takes a step from its latest change can still take it.
        """
        face = approval.face
        after, _ = await self._values.change(
            self._keys.approvals(approval.conversation),
            str(approval.id),
            lambda found: None if found.shown == face else replace(found, shown=face),
        )
        return after

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

    async def is_reset(self, approval: Approval) -> bool:
        """Whether the conversation was reset since the call was made."""
        with translated():
            floor = await self._redis.hget(self._keys.meta(approval.conversation), "floor")
        return floor is not None and approval.turn <= int(str(floor))

    async def forget(self, conversation: int, approval: int) -> None:
        """Remove a call."""
        with translated():
            await self._redis.hdel(self._keys.approvals(conversation), str(approval))


def read_approval(text: str) -> Approval | None:
    """Read a stored call, None if that is not possible."""
    try:
        return _approvals.validate_json(text)
    except ValidationError:
        return None  # another version has written it, or no key decrypts it


def dump_approval(approval: Approval) -> Content:
    """Write a call."""
    return Content(_approvals.dump_json(approval).decode())
