"""The jobs that forget people: what is left to do, which instance does it, and the receipt.

A job outlives the instance that has begun it: the keys to look at and the names to look for stand in the store, and a
step that is repeated finds nothing more to do.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.conversation.errors import Unreadable
from bot.conversation.found import NOTHING, Found, total
from bot.conversation.identity import Identity
from bot.store.codec import pairs
from bot.store.connection import translated
from bot.store.content import Content, is_sealed
from bot.store.due_queue import DueQueue
from bot.store.key_lifetimes import RECEIPT_S
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.privacy import BeginForget, EndForget, NoteSearch, NoteStep

CHUNK = 1000
"""So many keys are noted in one command."""


@dataclass(frozen=True, slots=True)
class Names:
    """By what a person is found, see `Identity`; `known` is None where an older version has searched."""

    usernames: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    known: tuple[int, ...] | None = None
    proxied: tuple[int, ...] = ()
    others: tuple[str, ...] = ()


_names = TypeAdapter(Names)
_found = TypeAdapter(Found)


@dataclass(frozen=True, slots=True)
class ForgetJob:
    """A job, or the receipt of one that is `done`; `found` are then the counts.

    `searched`: the keys to look at are noted, by an older version if only the person's names are (`names_alone`).
    `told`: the person has the receipt. `again`: the store had gone back to before an earlier job, which this repeats.
    """

    code: str
    identity: Identity
    asked_ms: int
    searched: bool = False
    names_alone: bool = False
    done: bool = False
    found: Found = NOTHING
    told: bool = False
    again: bool = False


class ForgetJobs:
    """Stores jobs; an instance that works on a job renews its turn in the queue."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._queue = DueQueue(redis, keys.forget_queue)

    async def begin(
        self, identity: Identity, code: str, *, next_in_s: float, again: bool = False
    ) -> ForgetJob:
        """Begin a job, which other instances take up in so many seconds; returns one that is under way already."""
        keys, person = self._keys, identity.person
        # Before the script, so that a crash in between leaves an entry too many and never one too few.
        await self.renew(person, next_in_s)
        fields = await self._scripts.run(
            BeginForget(
                job=keys.forget_job(person),
                left=keys.forget_left(person),
                ttl_s=RECEIPT_S,
                values=(
                    *("code", code, "before", identity.before, "asked_ms", round(time.time() * 1000)),
                    *("names", _dump_names(identity)),
                    *(("again", 1) if again else ()),
                ),
            )
        )
        job = _read(person, pairs(fields))
        await self.remember(job.identity, job.asked_ms)
        return job

    async def remember(self, identity: Identity, asked_ms: int) -> None:
        """Note up to where a person is forgotten, for the instances that are to notice if the store goes back."""
        key = self._keys.forgotten
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            pipe.zadd(key, {f"{identity.person}:{identity.before}": asked_ms})
            pipe.zremrangebyscore(key, "-inf", round((time.time() - RECEIPT_S) * 1000))
            pipe.expire(key, RECEIPT_S)
            await pipe.execute()

    async def remembered(self) -> dict[int, int]:
        """Return who was forgotten in the last days, and up to which id."""
        with translated():
            found = await self._redis.zrange(self._keys.forgotten, 0, -1)
        until: dict[int, int] = {}
        for member in found:
            person, _, before = str(member).partition(":")
            until[int(person)] = max(until.get(int(person), 0), int(before))
        return until

    async def renew(self, person: int, next_in_s: float) -> None:
        """Keep a job from other instances for so many seconds."""
        await self._queue.postpone(person, next_in_s)

    async def take(self, next_in_s: float) -> tuple[int, ...]:
        """Return the people whose jobs nobody works on; each is due again in `next_in_s`."""
        return tuple(item.id for item in await self._queue.take(next_in_s))

    async def get(self, person: int) -> ForgetJob | None:
        """Return the job of a person, or its receipt."""
        with translated():
            fields = await self._redis.hgetall(self._keys.forget_job(person))
        return _read(person, {str(name): str(value) for name, value in fields.items()}) if fields else None

    async def covers(self, person: int, message: int) -> bool:
        """Whether a person was, or is being, forgotten with a message.

        What is stored for the message after the search has passed has to go by whoever has stored it. A search that
        begins later finds it.
        """
        with translated():
            before = await self._redis.hget(self._keys.forget_job(person), "before")
        return before is not None and message <= int(str(before))

    async def note_search(self, job: ForgetJob, identity: Identity, found: Sequence[str]) -> None:
        """Note the keys to look at, and the names to look for, unless another instance has ended the search."""
        keys, person = self._keys, identity.person
        for start in range(0, max(1, len(found)), CHUNK):
            is_last = start + CHUNK >= len(found)
            await self._scripts.run(
                NoteSearch(
                    job=keys.forget_job(person),
                    left=keys.forget_left(person),
                    code=job.code,
                    names=_dump_names(identity) if is_last else "",
                    ttl_s=RECEIPT_S,
                    found=tuple(found[start : start + CHUNK]),
                )
            )

    async def left(self, person: int) -> tuple[str, ...]:
        """Return the keys that are still to be looked at."""
        with translated():
            found = await self._redis.smembers(self._keys.forget_left(person))
        return tuple(sorted(str(key) for key in found))

    async def note_found(self, job: ForgetJob, step: str, found: Found) -> None:
        """Note what a step is about to erase; a repeated step has found less, and does not count."""
        if found:
            await self._note(job, f"found:{step}", _found.dump_json(found).decode())

    async def note_first(self, job: ForgetJob, tag: int, index: int) -> None:
        """Note the index of the first entry of a history that holds something of the person.

        Once the entry is changed, nothing else tells which summaries may hold the person's words.
        """
        await self._note(job, f"first:{tag}", str(index))

    async def firsts(self, job: ForgetJob) -> dict[int, int]:
        """Return the indexes that were noted, by conversation."""
        with translated():
            fields = await self._redis.hgetall(self._keys.forget_job(job.identity.person))
        split = {str(name).partition(":")[::2]: str(value) for name, value in fields.items()}
        return {int(tag): int(value) for (kind, tag), value in split.items() if kind == "first"}

    async def _note(self, job: ForgetJob, field: str, value: str, *, phase: str = "erasing") -> bool:
        key = self._keys.forget_job(job.identity.person)
        call = NoteStep(job=key, code=job.code, phase=phase, field=field, value=value)
        return bool(await self._scripts.run(call))

    async def note_copies(self, person: int, conversations: Collection[int]) -> None:
        """Note that the histories of these conversations are to be looked at, also if they were before."""
        key = self._keys.forget_left(person)
        beginning = f"{self._keys.prefix}:"
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            for conversation in conversations:
                pipe.sadd(key, self._keys.history(conversation).removeprefix(beginning))
            pipe.expire(key, RECEIPT_S)
            await pipe.execute()

    async def note_done(self, person: int, keys: Collection[str]) -> None:
        """Note that keys have been looked at."""
        with translated():
            await self._redis.srem(self._keys.forget_left(person), *keys)

    async def end(self, job: ForgetJob) -> ForgetJob | None:
        """End a job of which no key is left, and return its receipt; None if it goes on, or was ended otherwise."""
        keys, person = self._keys, job.identity.person
        with translated():
            fields = await self._redis.hgetall(keys.forget_job(person))
        noted = [str(value) for name, value in fields.items() if str(name).startswith("found:")]
        found = total(_found.validate_json(each) for each in noted)
        ended = await self._scripts.run(
            EndForget(
                job=keys.forget_job(person),
                left=keys.forget_left(person),
                code=job.code,
                found=_found.dump_json(found).decode(),
                ttl_s=RECEIPT_S,
            )
        )
        return await self.get(person) if ended else None

    async def note_told(self, job: ForgetJob) -> None:
        """Note that the person has the receipt, unless the store has lost the job, or has the next one by now."""
        if await self._note(job, "told", "1", phase="done"):
            await self._queue.remove(job.identity.person)

    async def drop(self, person: int) -> None:
        """Take a person off the queue of whom there is nothing to do."""
        await self._queue.remove(person)


def _dump_names(identity: Identity) -> Content:
    names = Names(*(tuple(sorted(getattr(identity, each.name))) for each in fields(Names)))
    return Content(_names.dump_json(names).decode())


def _read(person: int, stored: dict[str, str]) -> ForgetJob:
    if is_sealed(stored.get("names", "")):
        raise Unreadable  # without the names the job would miss what it looks for
    names = _names.validate_json(stored["names"]) if "names" in stored else Names()
    try:
        found = _found.validate_json(stored["found"]) if "found" in stored else NOTHING
    except ValidationError:
        found = NOTHING  # another version wrote it
    identity = Identity(
        person,
        int(stored.get("before", 0)),
        usernames=frozenset(names.usernames),
        names=frozenset(names.names),
        known=frozenset(names.known or ()),
        proxied=frozenset(names.proxied),
        others=frozenset(names.others),
    )
    return ForgetJob(
        code=stored.get("code", ""),
        identity=identity,
        asked_ms=int(stored.get("asked_ms", 0)),
        searched=stored.get("phase") in ("erasing", "done"),
        names_alone=stored.get("phase") == "erasing" and names.known is None,
        done=stored.get("phase") == "done",
        found=found,
        told="told" in stored,
        again="again" in stored,
    )


def counts(found: Found) -> dict[str, int]:
    """Return the counts by kind, without those of which nothing was found."""
    return {name: count for name, count in asdict(found).items() if count}
