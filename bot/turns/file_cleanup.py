"""The deletion of files that no conversation needs any more, in the store and at Anthropic.

A trim, a deletion, an edit, a reset and the end of a conversation schedule a sweep; no turn waits for one. A sweep
that fails is repeated, and a repeated sweep finds less to do.
"""

from __future__ import annotations

import asyncio
import time

import structlog

from bot.claude.files import UPLOAD_TIMEOUT_S, Files
from bot.conversation.errors import BobbinError, ClaudeError, StoreUnavailable, Unreadable
from bot.retry import Schedule
from bot.store.file_sweeps import FileSweeps, Sweep
from bot.store.held_files import HeldFiles, Upload

log = structlog.get_logger()

RETRY_S = 60.0
"""After a failure of the store; a delayed deletion does no harm."""

WHILE_CLAUDE_FAILS = Schedule(RETRY_S, factor=2, longest_s=3600.0)
"""For the sweeps of one conversation."""

BUSY_S = 10.0
"""The pause while a turn runs or waits."""

UNREADABLE_S = 24 * 3600.0
"""The pause for a history that another version of the bot wrote; that version may run again."""


class FileCleanup:
    """Sweeps conversations: finds and deletes the files that nothing names."""

    def __init__(self, sweeps: FileSweeps, held: HeldFiles, files: Files) -> None:
        self._sweeps = sweeps
        self._held = held
        self._files = files
        self._failing: dict[int, tuple[int, str]] = {}

    async def watch(self, *, every_s: float) -> None:
        """Sweep the conversations that are due until cancelled."""
        is_away = False
        while True:
            try:
                await self.sweep_due()
                is_away = False
            except StoreUnavailable as error:
                if not is_away:
                    log.info("files_not_swept", detail=str(error))
                is_away = True
            await asyncio.sleep(every_s)

    async def sweep_due(self) -> None:
        """Sweep the conversations that are due."""
        for sweep in await self._sweeps.take(RETRY_S):
            try:
                wait_s = await self._sweep(sweep)
                self._failing.pop(sweep.conversation, None)
            except Unreadable as error:
                _log_failure(sweep, error)
                wait_s = UNREADABLE_S
            except ClaudeError as error:
                wait_s = self._wait_for_claude(sweep, error)
            except StoreUnavailable:
                raise
            except Exception:
                log.exception("files_not_deleted", conversation=sweep.conversation)  # due again in RETRY_S
                continue
            await self._sweeps.done(sweep, wait_s)

    def _wait_for_claude(self, sweep: Sweep, error: ClaudeError) -> float:
        """Return in how many seconds to try again; logs one line per outage, which concerns many conversations."""
        kind = type(error).__name__
        if all(known != kind for _, known in self._failing.values()):
            _log_failure(sweep, error)
        failures, _ = self._failing.get(sweep.conversation, (0, ""))
        self._failing[sweep.conversation] = failures + 1, kind
        return WHILE_CLAUDE_FAILS.pause_s(failures + 1)

    async def _sweep(self, sweep: Sweep) -> float | None:
        """Delete the files that nothing names; return the seconds until the next attempt, None if complete."""
        conversation = sweep.conversation
        unnamed = await self._sweeps.unnamed(conversation)
        if unnamed.busy:
            return BUSY_S
        if unnamed.unanswered:
            if max(unnamed.unanswered.values()) + 2 * UPLOAD_TIMEOUT_S > time.time():
                return RETRY_S  # the upload may still be under way in a worker that has lost its lease
            for digest, file_id in (await self._files.find(unnamed.unanswered)).items():
                upload = Upload(unnamed.unanswered[digest], file_id)
                await self._held.note_found(conversation, digest, upload)
        if not await self._sweeps.discard(conversation, unnamed):
            return BUSY_S
        ids = await self._sweeps.discarded(conversation)
        for file_id in ids:
            if await self._sweeps.release(conversation, file_id):
                await self._files.delete(file_id)
            await self._sweeps.deleted(conversation, (file_id,))
        if ids:
            log.info("files_deleted", conversation=conversation, files=len(ids))
        return None


def _log_failure(sweep: Sweep, error: BobbinError) -> None:
    kind = type(error).__name__
    log.warning("files_not_deleted", conversation=sweep.conversation, kind=kind, detail=str(error))
