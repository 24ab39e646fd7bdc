"""Erases what the keys of a job hold of a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot.conversation.errors import StoreUnavailable
from bot.conversation.found import Found
from bot.conversation.identity import Identity
from bot.store.erasure import Erasure
from bot.store.examination import Examination
from bot.store.forget_jobs import ForgetJob, ForgetJobs


async def end_none(_conversation: int, _who: Identity) -> None:
    """End no calls."""


class JobErasure:
    """Erases for one run of a job.

    Keeps how often each tag was looked at here, and up to which token turns may have read what is gone by now.
    `first` are the indexes of the first entries that have held something of the person.
    """

    def __init__(
        self,
        job: ForgetJob,
        first: dict[int, int],
        jobs: ForgetJobs,
        examination: Examination,
        erasure: Erasure,
        wake: Callable[[int], Awaitable[None]],
        end_cards: Callable[[int, Identity], Awaitable[None]],
    ) -> None:
        self._job = job
        self._jobs = jobs
        self._examination = examination
        self._erasure = erasure
        self._wake = wake
        self._end_cards = end_cards
        self._passes: dict[int, int] = {}
        self._until: dict[int, int] = {}
        self._first = first

    async def erase(self, groups: Mapping[int, list[str]]) -> bool:
        """Erase what keys hold, and return whether some are done; a failure keeps none of the others waiting."""
        progress, failure = False, None
        for tag, names in groups.items():
            try:
                is_done = await self._erase(tag, names)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 (raised below)
                failure = error
                continue
            if is_done:
                await self._jobs.note_done(self._job.identity.person, names)
                progress = True
        if failure is not None and not progress:
            raise failure
        return progress

    async def _erase(self, tag: int, names: list[str]) -> bool:
        """Erase what keys of one tag hold; False if a turn runs that has read them before.

        Such a turn may still commit what it has read, so that its entry is examined once more at its end.
        """
        job, who = self._job, self._job.identity
        since, running = await self._erasure.turn(tag)
        number = self._passes.get(tag, 0)
        if number and running and since <= self._until[tag]:
            return False
        await self._end_cards(tag, who)  # before they are erased: nothing would know of their cards any more
        examined = await self._examination.examine(tag, names, who)
        if examined.index is not None and tag not in self._first:
            self._first[tag] = examined.index
            await self._jobs.note_first(job, tag, examined.index)
        first = self._first.get(tag)
        # What stays is told once.
        found = replace(examined.found, unreadable=0) if number else examined.found
        await self._jobs.note_found(job, f"{tag}:{number}", found)
        summaries = Found(summaries=await self._erasure.summaries(tag, first))
        await self._jobs.note_found(job, f"{tag}:{number}:summaries", summaries)
        erased = await self._erasure.erase(examined, who, first=first)
        if examined.found and (branches := await self._erasure.branches(tag)):
            # They may have been branched off, with what was erased just now, since the search.
            await self._jobs.note_copies(who.person, branches)
        if erased.wakes:
            await self._wake(tag)
        until, still_running = await self._erasure.turn(tag)
        self._passes[tag] = number + 1
        self._until[tag] = until
        settled = number > 0 or not (running or still_running or until != since)
        return settled and erased.complete
