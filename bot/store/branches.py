"""Branches: which are asked for, and the copy of a conversation's turns, files and settings.

A branch is noted before anything is done for it, and each step can be repeated, so that any instance makes what a
crash has left.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter
from redis.asyncio import Redis

from bot.conversation.branch import BranchJob, copied
from bot.conversation.errors import Unreadable
from bot.conversation.message import created_ms, first_id
from bot.conversation.shards import ALL_SHARDS, Shards
from bot.conversation.turn import Turn
from bot.store.codec import dump_turn, load_turn
from bot.store.connection import translated
from bot.store.content import Content, is_sealed
from bot.store.due_queue import DueQueue
from bot.store.file_sweeps import UNNAMED_S, FileSweeps
from bot.store.history import History
from bot.store.key_lifetimes import BRANCH_S
from bot.store.keys import Key, Keys
from bot.store.records import BRANCH_FIELD, NAME_FIELDS, read_meta
from bot.store.scope_settings import ScopeSettings
from bot.store.scripts import Scripts
from bot.store.scripts.branch import AskBranch, Branch
from bot.store.scripts.conversation import Amend
from bot.store.shared_files import SharedFiles

SAME_WISH_MS = 60_000
"""A second press within this time is the same wish."""

RETRY_S = 60.0
"""A job that nobody has worked on for so long is taken up by any instance."""

_jobs = TypeAdapter(BranchJob)


class Branches:
    """Notes jobs, and copies; `due` holds the people who have open jobs."""

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        files: SharedFiles,
        scope_settings: ScopeSettings,
        *,
        ttl_s: int,
        shards: Shards = ALL_SHARDS,
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._history = History(redis, keys)
        self._sweeps = FileSweeps(redis, keys)
        self._files = files
        self._scope_settings = scope_settings
        self._ttl_s = ttl_s
        self._shards = shards
        self.due = DueQueue(redis, keys.branch_queue, self._served)

    def serves(self, job: BranchJob) -> bool:
        """Say whether a job belongs to the shards of this process."""
        return self._shards.holds(job.server)

    async def _served(self, people: Sequence[int]) -> Collection[int]:
        """Return the people who have asked for a branch in a server of this process."""
        if self._shards.are_all:
            return people
        return [each for each in people if any(self.serves(job) for job in await self.open(each))]

    async def ask(self, job: BranchJob) -> BranchJob:
        """Note a job; if it is a second press, return the job of the first one, with its thread if that is known."""
        await self.due.postpone(job.person, RETRY_S)
        counts = str(
            await self._scripts.run(
                AskBranch(
                    branches=self._keys.branches(job.person),
                    interaction=str(job.interaction),
                    wish=f"{job.conversation} {job.turn}",
                    job=_dump(job),
                    oldest=str(first_id(created_ms(job.interaction) - SAME_WISH_MS)),
                    branch_s=BRANCH_S,
                )
            )
        )
        thread = await self._thread(job.person, int(counts))
        return replace(job, interaction=int(counts), thread=thread)

    async def open(self, person: int) -> tuple[BranchJob, ...]:
        """Return the jobs of a person that are not done."""
        with translated():
            found: dict[Any, Any] = await self._redis.hgetall(self._keys.branches(person))
        jobs = [
            _jobs.validate_json(str(text))
            for name, text in found.items()
            # What no key decrypts expires.
            if str(name).endswith(":job") and not is_sealed(str(text))
        ]
        return tuple([replace(job, thread=await self._thread(person, job.interaction)) for job in jobs])

    async def thread_of(self, job: BranchJob) -> int | None:
        """Return the thread of a branch that is noted by now."""
        return await self._thread(job.person, job.interaction)

    async def note_thread(self, job: BranchJob, thread: int | None) -> BranchJob:
        """Note the thread of a branch, None to have another one started; the thread that was noted first counts."""
        key, name = self._keys.branches(job.person), f"{job.interaction}:thread"
        with translated():
            if thread is None:
                await self._redis.hdel(key, name)
            else:
                pipe = self._redis.pipeline(transaction=True)
                pipe.hsetnx(key, name, str(thread))
                pipe.expire(key, BRANCH_S)  # the key may have expired
                await pipe.execute()
        return replace(job, thread=await self._thread(job.person, job.interaction))

    async def done(self, job: BranchJob) -> None:
        """Note that a branch is made; its thread stays known, for a second press."""
        with translated():
            await self._redis.hdel(self._keys.branches(job.person), f"{job.interaction}:job")
        if not await self.open(job.person):
            await self.due.remove(job.person)

    async def give_up(self, job: BranchJob) -> None:
        """Forget a branch that cannot be made, so that another press is another wish."""
        with translated():
            await self._redis.hdel(
                self._keys.branches(job.person),
                *(f"{job.interaction}{end}" for end in ("", ":job", ":thread")),
            )

    async def turn_of(self, conversation: int, message: int) -> Turn | None:
        """Return the turn of a message of a person."""
        return await self._history.entry(conversation, message)

    async def copy(self, job: BranchJob, thread: int) -> bool | None:
        """Copy the conversation up to the turn into a thread; a repeated call copies once.

        None if the turn is not there any more, False if the thread has become a conversation of its own.
        """
        keys, source = self._keys, job.conversation
        with translated():
            stored: dict[Any, Any] = await self._redis.hgetall(keys.meta(source))
        meta = read_meta({str(name): str(value) for name, value in stored.items()})
        if not stored:
            return None
        await self._note_in_source(source, thread)
        turns = await self._turns(job)
        if turns is None:
            return None
        await self._scope_settings.copy(job.server, source, thread)
        named = {file for turn in turns for file in turn.sources}
        await self._sweeps.schedule(thread, UNNAMED_S)
        await self._files.share(source, thread, named)
        fields: dict[str, str | int] = {"guild": job.server, "parent": job.place, "starter": job.person}
        fields |= {"private": 1} if job.private or meta.is_private else {}
        fields |= {name: Content(str(stored[name])) for name in NAME_FIELDS if stored.get(name)}
        entries = tuple(map(dump_turn, turns))
        begun = await self._scripts.run(
            Branch(
                lease=keys.lease(thread),
                history=keys.history(thread),
                meta=keys.meta(thread),
                branch_of=source,
                ttl_s=self._ttl_s,
                pairs_count=len(fields),
                items=(*(item for pair in fields.items() for item in pair), *entries),
            ),
            after=[("ZADD", keys.known, "GT", created_ms(job.interaction), thread)],
        )
        if begun:
            await self._follow(job, thread)
        return bool(begun)

    async def _note_in_source(self, source: int, thread: int) -> None:
        """Note the branch with its source before the turns are read: a deletion from then on reaches the branch."""
        key = self._keys.meta(source)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            pipe.hset(key, f"{BRANCH_FIELD}{thread}", "1")
            pipe.expire(key, self._ttl_s)  # an erasure may have removed the key
            await pipe.execute()

    async def _turns(self, job: BranchJob) -> tuple[Turn, ...] | None:
        """Return the window of the source after the turn, as the beginning of the branch."""
        index = await self._history.index(job.conversation, job.turn)
        if index is None:
            return None
        key = self._keys.history(job.conversation)
        with translated():
            last: Any = await self._redis.lindex(key, index)
            start = min(index, load_turn(str(last)).window_start)
            texts: list[Any] = await self._redis.lrange(key, start, index)
        turns = [load_turn(str(text)) for text in texts]
        if not turns or turns[-1].id != job.turn:
            raise Unreadable  # the history was reset or replaced meanwhile
        return copied(turns, start)

    async def _follow(self, job: BranchJob, thread: int) -> None:
        """Apply to the copy what was deleted or edited in the source while the copy was made."""
        key = Key(self._keys.history(thread))
        now = await self._turns(job)
        with translated():
            there: list[Any] = await self._redis.lrange(key, 0, -1)
        by_id = {
            turn.id: (index, str(text), turn)
            for index, text in enumerate(there)
            for turn in [load_turn(str(text))]
        }
        for turn in now or ():
            index, text, held = by_id.get(turn.id, (0, "", turn))
            if text and held.sent != turn.sent:
                await self._scripts.run(Amend(history=key, index=index, before=text, after=dump_turn(turn)))

    async def _thread(self, person: int, interaction: int) -> int | None:
        with translated():
            found = await self._redis.hget(self._keys.branches(person), f"{interaction}:thread")
        return int(str(found)) if found else None


def _dump(job: BranchJob) -> Content:
    return Content(_jobs.dump_json(job).decode())
