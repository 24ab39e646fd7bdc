"""Catches up on missed messages: Discord's message history is the inbox, a gateway event only a hint.

The store has a mark for every channel that the bot can read: the last message that was listed. Where the channel has
a later message, it is listed from the mark on, and each message is accepted like that of an event; a known message
changes nothing. A channel without a mark is listed from the beginning of the bot's first start on, since its first
message may be the missed one.

Channels and active threads take two requests per server, however many there are. After a start or a gap in the
session a sweep also covers the threads that were archived meanwhile, by one or two requests per channel, and the
known DM channels, by one request each.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import discord
import structlog

from bot.conversation.clock import Clock
from bot.conversation.errors import StoreUnavailable
from bot.gateway.catchup.backlog import Backlog
from bot.gateway.catchup.sweep import FAILED_CALL, Sweep
from bot.gateway.conversion.snowflake import earlier, id_before
from bot.store.conversations import Conversations
from bot.store.work_queue import WorkQueue

log = structlog.get_logger()

OVERLAP_S = 60.0
"""After a rollback of the store the marks may be ahead of the records, so messages are listed again that are so much
older than the last heartbeat that the store still had."""


class Catchup:
    """Starts a sweep when asked to, every `every_s`, and after a rollback of the store.

    `caught_up` is called when nothing that was requested is left to sweep.
    """

    def __init__(
        self,
        client: discord.Client,
        conversations: Conversations,
        work_queue: WorkQueue,
        sweep: Sweep,
        backlog: Backlog,
        *,
        instance: str,
        poll_s: float,
        every_s: float,
        clock: Clock,
        caught_up: Callable[[], None] = lambda: None,
        rolled_back: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._conversations = conversations
        self._work_queue = work_queue
        self._sweep = sweep
        self._backlog = backlog
        self._instance = instance
        self._poll_s = poll_s
        self._every_s = every_s
        self._caught_up = caught_up
        self._rolled_back = rolled_back
        self._due_s = 0.0
        self._full = True
        self._requested = asyncio.Event()
        self._heartbeat = ""
        self._confirmed_s = self._clock.now_s()
        self._recheck_from: int | None = None

    def request(self) -> None:
        """Request a full sweep now."""
        self._due_s, self._full = 0.0, True
        self._requested.set()

    async def watch(self) -> None:
        """Check the store for rollbacks, and sweep when that is due, until cancelled."""
        while True:
            try:
                # Before the first sweep. A first start answers what was written while the bot was starting. After a
                # loss of the whole store in a later look, what was written before was answered before.
                clock = self._clock
                await self._conversations.since(clock.now_ms() if self._heartbeat else clock.began_ms())
                await self._check_for_rollback()
                if self._client.is_ready() and time.monotonic() >= self._due_s:
                    await self._run_sweep()
            except StoreUnavailable:
                self._distrust_marks()
            except FAILED_CALL as error:
                log.info("catchup_postponed", kind=type(error).__name__)
            except Exception:  # discord.py raises anything for unexpected data, which must not end the bot
                log.exception("catchup_failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._requested.wait()
            self._requested.clear()

    async def _run_sweep(self) -> None:
        self._due_s = time.monotonic() + self._every_s
        recheck_from, full = self._recheck_from, self._full
        self._recheck_from, self._full = None, False
        try:
            await self._sweep.run(recheck_from, full=full)
        except Exception:
            # The next sweep does what this one was to do, and what was requested meanwhile.
            self._recheck_from = earlier(recheck_from, self._recheck_from)
            self._full |= full
            raise
        finally:
            if self._sweep.unfinished:
                self._due_s = 0.0
        if not (self._full or self._sweep.unfinished):
            self._backlog.end()
            self._caught_up()

    async def _check_for_rollback(self) -> None:
        heartbeat = str(time.time_ns())
        found = await self._work_queue.beat(self._instance, self._heartbeat, heartbeat)
        if self._heartbeat and not found:
            log.warning(
                "store_rolled_back", hint="the store has lost its latest writes; all channels are listed"
            )
            self._distrust_marks()
            self._rolled_back()
        self._heartbeat, self._confirmed_s = heartbeat, self._clock.now_s()

    def _distrust_marks(self) -> None:
        recheck_from = id_before(OVERLAP_S, self._confirmed_s)
        self._recheck_from = earlier(self._recheck_from, recheck_from)
        self._backlog.begin(recheck_from)
        self._due_s, self._full = 0.0, True
