"""Forgets people: the work of `/forget me`, which any instance takes up where another has left it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import structlog

from bot.conversation.errors import StoreUnavailable
from bot.conversation.identity import Identity
from bot.conversation.message import created_ms
from bot.conversation.receipt import receipt
from bot.conversation.receipt_code import read_code, receipt_code
from bot.store.erasure import Erasure
from bot.store.examination import Examination
from bot.store.forget_jobs import ForgetJob, ForgetJobs
from bot.store.person_search import PersonSearch
from bot.store.stored_values import StoredValues
from bot.store.wakeups import Wakeups
from bot.turns.dispatch import Dispatcher
from bot.turns.job_erasure import JobErasure, end_none
from bot.turns.person_data import PersonData, by_tag

log = structlog.get_logger()

TAKE_S = 30.0
"""An instance that has not renewed its turn at a job for so long is gone."""

RENEW_S = TAKE_S / 3
"""How often an instance renews its turn."""

TRIES = 3
"""How often a job is begun that the store has lost meanwhile."""

RECALL_S = 5.0
"""How often an instance compares who was forgotten with what it remembers."""

REMEMBERED_S = 7 * 24 * 3600
"""How long an instance remembers who was forgotten: less than the store, which would else seem to have gone back."""

POLL_S = 0.5
"""How often running turns are looked at that may hold something of the person."""


class Forgetting:
    """Runs jobs. `tell` sends a person a direct message, and returns False if that is not possible.

    Each instance remembers who was forgotten in the last days. A store that knows less has gone back to an earlier
    state, and the jobs are done anew. `secret` proves the codes of receipts. `end_cards` ends the calls in a
    conversation that wait for a permission and that the person has asked for. `own_names` are those of the bot.
    """

    def __init__(
        self,
        jobs: ForgetJobs,
        search: PersonSearch,
        examination: Examination,
        values: StoredValues,
        erasure: Erasure,
        dispatcher: Dispatcher,
        wakeups: Wakeups,
        tell: Callable[[int, str], Awaitable[bool]],
        *,
        secret: bytes,
        recall_s: float = RECALL_S,
        end_cards: Callable[[int, Identity], Awaitable[None]] = end_none,
        own_names: Callable[[], frozenset[str]] = frozenset[str],
    ) -> None:
        self._jobs = jobs
        self.data = PersonData(search, examination, values, own_names)
        self._examination = examination
        self._erasure = erasure
        self._dispatcher = dispatcher
        self._wakeups = wakeups
        self._tell = tell
        self._secret = secret
        self._recall_s = recall_s
        self._end_cards = end_cards
        self._forgotten: dict[int, int] = {}
        self._recall_due_s = 0.0

    async def watch(self, *, every_s: float) -> None:
        """Take up the jobs that nobody works on, until cancelled."""
        while True:
            try:
                await self.recall()
                for person in await self._jobs.take(TAKE_S):
                    await self._tried(person)
            except StoreUnavailable as error:
                log.info("forgetting_postponed", detail=str(error))
            except Exception:
                log.exception("forgetting_failed")  # it is taken up again
            await asyncio.sleep(every_s)

    async def begin(self, identity: Identity, *, again: bool = False) -> ForgetJob:
        """Begin to forget a person, or return the job that is under way.

        With `again` the person was forgotten before, and whichever instance comes first takes the job up.
        """
        code = receipt_code(identity.person, identity.before, self._secret)
        next_in_s = 0.0 if again else TAKE_S
        job = await self._jobs.begin(identity, code, next_in_s=next_in_s, again=again)
        self._remember(job.identity.person, job.identity.before)
        log.info("forgetting_begun", again=again)
        return job

    def _remember(self, person: int, before: int) -> None:
        self._forgotten[person] = max(before, self._forgotten.get(person, 0))

    async def recall(self) -> None:
        """Remember who was forgotten, and forget anew whom the store does not know any more."""
        if time.monotonic() < self._recall_due_s:
            return
        self._recall_due_s = time.monotonic() + self._recall_s
        known = await self._jobs.remembered()
        oldest_ms = (time.time() - REMEMBERED_S) * 1000
        for person, before in list(self._forgotten.items()):
            if created_ms(before) < oldest_ms:
                del self._forgotten[person]
            elif known.get(person, 0) < before:
                await self._begin_anew(person, before)
        for person, before in known.items():
            if created_ms(before) >= oldest_ms:
                self._remember(person, before)

    async def _begin_anew(self, person: int, before: int) -> None:
        job = await self._jobs.get(person)
        if job is not None and job.identity.before >= before:  # another instance was faster
            await self._jobs.remember(job.identity, job.asked_ms)
            return
        log.warning(
            "forgetting_lost",
            hint="Redis has gone back to before a person was forgotten: the person is forgotten again",
        )
        await self.begin(Identity(person, before), again=True)

    def before_of(self, code: str, person: int) -> int | None:
        """Return up to which id a person was forgotten by the code of their receipt, None if it is not theirs."""
        return read_code(code, person, self._secret)

    async def latest(self, person: int) -> ForgetJob | None:
        """Return the job of a person, or its receipt."""
        return await self._jobs.get(person)

    async def note_told(self, job: ForgetJob) -> None:
        """Note that the person has the receipt."""
        await self._jobs.note_told(job)

    async def forget(self, identity: Identity) -> ForgetJob | None:
        """Forget a person and return the receipt; None if another run of the job delivers the receipt."""
        for _ in range(TRIES):
            begun = await self.begin(identity)
            job = await self.run(identity.person)
            if job is not None:
                return job if job.done and job.code == begun.code else None
            if await self._jobs.get(identity.person) is not None:
                return None
            # A store that has gone back knows nothing of the job, and holds again what was erased.
        return None

    async def run(self, person: int) -> ForgetJob | None:
        """Do what is left of a job, and return its receipt; None if there is no job."""
        job = await self._jobs.get(person)
        if job is None or job.done:
            return job
        renewing = asyncio.create_task(self._renew(person))
        try:
            return await self._run(job)
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _renew(self, person: int) -> None:
        """Keep a job from other instances: the search alone can take longer than TAKE_S."""
        while True:
            await asyncio.sleep(RENEW_S)
            with suppress(StoreUnavailable):
                await self._jobs.renew(person, TAKE_S)

    async def _run(self, job: ForgetJob) -> ForgetJob | None:
        person, code = job.identity.person, job.code
        if not job.searched:
            who, found = await self.data.search(job.identity)
            await self._jobs.note_search(job, who, found)
            # Another run of the job may have searched, and even ended the job, meanwhile.
            searched = await self._jobs.get(person)
            if searched is None or searched.code != code or searched.done:
                return searched
            job = searched
        elif job.names_alone:
            # In what an older version stored, names count only where the person has written.
            who, _ = await self.data.search(job.identity)
            job = replace(job, identity=who)
        first = await self._jobs.firsts(job)
        erasure = JobErasure(
            job, first, self._jobs, self._examination, self._erasure, self._wake, self._end_cards
        )
        while left := await self._jobs.left(person):
            if not await erasure.erase(by_tag(left)):
                await asyncio.sleep(POLL_S)
        ended = await self._jobs.end(job)
        if ended is not None:
            log.info(
                "person_forgotten", messages=ended.found.messages, files=ended.found.files, again=ended.again
            )
        return ended

    async def _wake(self, conversation: int) -> None:
        self._dispatcher.signal(conversation)
        await self._wakeups.publish(conversation)

    async def _tried(self, person: int) -> None:
        """Take up a job; one that fails, which is taken up again, keeps no other waiting."""
        try:
            await self._take_up(person)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("forgetting_failed")

    async def _take_up(self, person: int) -> None:
        job = await self.run(person)
        if job is None or job.told:
            await self._jobs.drop(person)
        elif job.done:
            if job.again and not job.found:
                await self._jobs.note_told(job)  # nothing had come back
            elif await self._tell(person, receipt(job.found, job.code, again=job.again)):
                await self._jobs.note_told(job)
            else:
                await self._jobs.drop(person)  # the next /forget shows the receipt
