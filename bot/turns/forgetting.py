"""Forgets people: the work of `/forget me`, which any instance takes up where another has left it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import structlog

from bot.conversation.errors import StoreUnavailable
from bot.conversation.found import Found, total
from bot.conversation.identity import Identity
from bot.conversation.receipt import receipt
from bot.store.erasure import Erasure
from bot.store.examination import Examination
from bot.store.examined import Examined, KeptAct, KeptMessage, KeptReminder, KeptSetting, KeptUsage
from bot.store.forget_jobs import ForgetJob, ForgetJobs
from bot.store.person_search import PersonSearch
from bot.store.wakeups import Wakeups
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()

TAKE_S = 30.0
"""An instance that has not renewed its turn at a job for so long is gone."""

RENEW_S = TAKE_S / 3
"""How often an instance renews its turn."""

TRIES = 3
"""How often a job is begun that the store has lost meanwhile."""

POLL_S = 0.5
"""How often running turns are looked at that may hold something of the person."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a person.

    `rules` name the person, `started` are conversations that the person began, and `limits` what of them is used up.
    """

    messages: tuple[KeptMessage, ...] = ()
    settings: tuple[KeptSetting, ...] = ()
    acts: tuple[KeptAct, ...] = ()
    usage: tuple[KeptUsage, ...] = ()
    rules: tuple[KeptSetting, ...] = ()
    started: tuple[int, ...] = ()
    limits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    reminders: tuple[KeptReminder, ...] = ()

    def __bool__(self) -> bool:
        lists = (self.messages, self.settings, self.acts, self.usage, self.rules, self.started)
        return any((*lists, self.limits, self.reminders))


class Forgetting:
    """Runs jobs. `tell` sends a person a direct message, and returns False if that is not possible."""

    def __init__(
        self,
        jobs: ForgetJobs,
        search: PersonSearch,
        examination: Examination,
        erasure: Erasure,
        dispatcher: Dispatcher,
        wakeups: Wakeups,
        tell: Callable[[int, str], Awaitable[bool]],
    ) -> None:
        self._jobs = jobs
        self._search = search
        self._examination = examination
        self._erasure = erasure
        self._dispatcher = dispatcher
        self._wakeups = wakeups
        self._tell = tell
        # A walk over all keys takes a while, and anybody can ask for one.
        self._searching = asyncio.Lock()

    async def watch(self, *, every_s: float) -> None:
        """Take up the jobs that nobody works on, until cancelled."""
        while True:
            try:
                for person in await self._jobs.take(TAKE_S):
                    await self._take_up(person)
            except StoreUnavailable as error:
                log.info("forgetting_postponed", detail=str(error))
            except Exception:
                log.exception("forgetting_failed")  # it is taken up again
            await asyncio.sleep(every_s)

    async def begin(self, identity: Identity) -> ForgetJob:
        """Begin to forget a person, or return the job that is under way."""
        job = await self._jobs.begin(identity, secrets.token_hex(4), next_in_s=TAKE_S)
        log.info("forgetting_begun")
        return job

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
            async with self._searching:
                who, found = await self._search.search(job.identity)
            await self._jobs.note_search(job, who, found)
            # Another run of the job may have searched, and even ended the job, meanwhile.
            searched = await self._jobs.get(person)
            if searched is None or searched.code != code or searched.done:
                return searched
            job = searched
        erasing = _Erasing(await self._jobs.firsts(job))
        while left := await self._jobs.left(person):
            if not await self._erase_each(job, by_tag(left), erasing):
                await asyncio.sleep(POLL_S)
        ended = await self._jobs.end(job)
        if ended is not None:
            log.info("person_forgotten", messages=ended.found.messages, files=ended.found.files)
        return ended

    async def _erase_each(self, job: ForgetJob, groups: Mapping[int, list[str]], erasing: _Erasing) -> bool:
        """Erase what keys hold, and return whether some are done; a failure keeps none of the others waiting."""
        progress, failure = False, None
        for tag, names in groups.items():
            try:
                is_done = await self._erase(job, tag, names, erasing)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 (raised below)
                failure = error
                continue
            if is_done:
                await self._jobs.note_done(job.identity.person, names)
                progress = True
        if failure is not None and not progress:
            raise failure
        return progress

    async def verify(self, who: Identity) -> Found:
        """Search everything again for what was to be forgotten."""
        return total([examined.found for examined in await self._examined(who)])

    async def kept(self, who: Identity) -> Kept:
        """Return what is kept of a person, the oldest messages first."""
        examined = await self._examined(who)
        messages = [each for one in examined for each in one.kept_messages]
        return Kept(
            messages=tuple(sorted(messages, key=lambda each: each.written_ms)),
            settings=tuple(each for one in examined for each in one.kept_settings),
            acts=tuple(each for one in examined for each in one.kept_acts),
            usage=tuple(each for one in examined for each in one.kept_usage),
            rules=tuple(each for one in examined for each in one.kept_rules),
            started=tuple(each for one in examined for each in one.kept_starts),
            limits=await self._examination.uses(who),
            reminders=tuple(each for one in examined for each in one.kept_reminders),
        )

    async def _examined(self, who: Identity) -> list[Examined]:
        async with self._searching:
            who, names = await self._search.search(who)
            groups = by_tag(names)
            return [await self._examination.examine(tag, groups[tag], who) for tag in groups]

    async def _erase(self, job: ForgetJob, tag: int, names: list[str], erasing: _Erasing) -> bool:
        """Erase what keys of one tag hold; False if a turn runs that has read them before.

        Such a turn may still commit what it has read, so that its entry is examined once more at its end.
        """
        who = job.identity
        since, running = await self._erasure.turn(tag)
        number = erasing.passes.get(tag, 0)
        if number and running and since <= erasing.until[tag]:
            return False
        examined = await self._examination.examine(tag, names, who)
        if examined.index is not None and tag not in erasing.first:
            erasing.first[tag] = examined.index
            await self._jobs.note_first(job, tag, examined.index)
        first = erasing.first.get(tag)
        # What stays is told once.
        found = replace(examined.found, unreadable=0) if number else examined.found
        await self._jobs.note_found(job, f"{tag}:{number}", found)
        summaries = Found(summaries=await self._erasure.summaries(tag, first))
        await self._jobs.note_found(job, f"{tag}:{number}:summaries", summaries)
        erased = await self._erasure.erase(examined, who, first=first)
        if erased.wakes:
            self._dispatcher.signal(tag)
            await self._wakeups.publish(tag)
        until, still_running = await self._erasure.turn(tag)
        erasing.passes[tag] = number + 1
        erasing.until[tag] = until
        settled = number > 0 or not (running or still_running or until != since)
        return settled and erased.complete

    async def _take_up(self, person: int) -> None:
        job = await self.run(person)
        if job is None or job.told:
            await self._jobs.drop(person)
        elif job.done:
            if await self._tell(person, receipt(job.found, job.code)):
                await self._jobs.note_told(job)
            else:
                await self._jobs.drop(person)  # the next /forget shows the receipt


class _Erasing:
    """How often each tag was looked at here, up to which token turns may have read what is gone by now.

    `first` are the indexes of the first entries that have held something of the person.
    """

    def __init__(self, first: dict[int, int]) -> None:
        self.passes: dict[int, int] = {}
        self.until: dict[int, int] = {}
        self.first = first


def by_tag(names: tuple[str, ...]) -> Mapping[int, list[str]]:
    """Group the names of keys by their hash tags."""
    groups: dict[int, list[str]] = {}
    for name in names:
        tag, closed, _ = name.removeprefix("{").partition("}")
        if closed and tag.isdigit():
            groups.setdefault(int(tag), []).append(name)
    return groups
