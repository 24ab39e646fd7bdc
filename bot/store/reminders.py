"""The reminders, by the conversation in which each was set; each change is a compare-and-set."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.conversation.reminder import MOST_PER_PERSON, Reminder
from bot.conversation.shards import ALL_SHARDS, Shards
from bot.store.connection import translated
from bot.store.content import Content
from bot.store.due_queue import DueQueue
from bot.store.hash_values import HashValues
from bot.store.keys import Keys

Step = Callable[[Reminder], Reminder | None]
"""Returns a reminder after a step, None where the step is not allowed."""

_reminders = TypeAdapter(Reminder)


class Reminders:
    """Keeps reminders until they have ended, and a day longer, so that a repeated call does not set one again.

    `due` has the conversations with reminders, by when to look. An index by person counts the reminders of a person
    in all conversations, and finds them.
    """

    def __init__(self, redis: Redis, keys: Keys, shards: Shards = ALL_SHARDS) -> None:
        self._redis = redis
        self._keys = keys
        self._shards = shards
        self._values = HashValues(redis, _reminders)
        self.due = DueQueue(redis, keys.reminders_due, self._served)

    async def _served(self, conversations: Sequence[int]) -> Collection[int]:
        """Return those with reminders in this process's servers: a reminder outlives its conversation's metadata."""
        if self._shards.are_all:
            return conversations
        servers = [{reminder.server for reminder in await self.of(each)} or {None} for each in conversations]
        return [
            each
            for each, found in zip(conversations, servers, strict=True)
            if any(map(self._shards.holds, found))
        ]

    async def add(self, reminder: Reminder, in_s: float) -> Reminder | None:
        """Add a reminder that is due in so many seconds; None if the person has too many.

        The same reminder again is returned as it is by now.
        """
        key, index = self._keys.reminders(reminder.conversation), self._keys.person_reminders(reminder.person)
        field = str(reminder.id)
        with translated():
            stored = await self._redis.hget(key, field)
        if stored is None and await self._has_most(reminder.person):
            return None
        # The index and the queue first: both are cleared of what does not exist.
        await self.due.schedule(reminder.conversation, in_s)
        with translated():
            if stored is None:
                await self._redis.hset(index, field, str(reminder.conversation))
            await self._redis.hsetnx(key, field, self._values.text(reminder))
            after = await self._redis.hget(key, field)
            # Both once more: who has looked in between has not seen the reminder, and has cleared them.
            if stored is None:
                await self._redis.hset(index, field, str(reminder.conversation))
        await self.due.schedule(reminder.conversation, in_s)
        return self._values.read(str(after)) or reminder

    async def _has_most(self, person: int) -> bool:
        index = self._keys.person_reminders(person)
        with translated():
            if int(await self._redis.hlen(index)) < MOST_PER_PERSON:
                return False
        await self.of_person(person)  # which leaves out those that went with their threads
        with translated():
            return int(await self._redis.hlen(index)) >= MOST_PER_PERSON

    async def of(self, conversation: int) -> tuple[Reminder, ...]:
        """Return the reminders of a conversation, those due first at first; ended ones among them."""
        found = await self._values.all(self._keys.reminders(conversation))
        return tuple(sorted(found, key=lambda each: (each.due_ms, each.id)))

    async def of_person(self, person: int) -> tuple[Reminder, ...]:
        """Return the reminders of a person that have not ended, in all places."""
        index = self._keys.person_reminders(person)
        with translated():
            places: dict[Any, Any] = await self._redis.hgetall(index)
            pipe = self._redis.pipeline(transaction=False)
            for field, conversation in places.items():
                pipe.hget(self._keys.reminders(int(str(conversation))), str(field))
            texts: list[Any] = await pipe.execute() if places else []
        read = {
            str(field): self._values.read(str(text or "")) for field, text in zip(places, texts, strict=True)
        }
        waiting = [each for each in read.values() if each is not None and not each.has_ended]
        gone = [field for field, text in zip(places, texts, strict=True) if text is None]
        if gone:
            with translated():
                await self._redis.hdel(index, *map(str, gone))
        return tuple(sorted(waiting, key=lambda each: (each.due_ms, each.id)))

    async def change(self, conversation: int, reminder: int, step: Step) -> tuple[Reminder | None, bool]:
        """Take a step from whatever state the reminder is in by now.

        Returns the reminder as it is then, None if it is not known any more, and whether this call took the step.
        """
        after, taken = await self._values.change(self._keys.reminders(conversation), str(reminder), step)
        if taken and after is not None and after.has_ended:
            await self._drop_from_index(after)
        return after, taken

    async def remove(self, reminder: Reminder) -> None:
        """Remove a reminder that has ended."""
        await self._drop_from_index(reminder)
        with translated():
            await self._redis.hdel(self._keys.reminders(reminder.conversation), str(reminder.id))

    async def _drop_from_index(self, reminder: Reminder) -> None:
        with translated():
            await self._redis.hdel(self._keys.person_reminders(reminder.person), str(reminder.id))


def read_reminder(text: str) -> Reminder | None:
    """Read a stored reminder, None if that is not possible."""
    try:
        return _reminders.validate_json(text)
    except ValidationError:
        return None  # another version has written it, or no key decrypts it


def dump_reminder(reminder: Reminder) -> Content:
    """Write a reminder."""
    return Content(_reminders.dump_json(reminder).decode())
